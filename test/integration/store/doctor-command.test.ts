import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { claimStateFolder } from "../../../server/hosting/state-stamp.ts";
import { fileNames } from "../../../server/store/files.ts";
import { openStore } from "../../../server/store/open.ts";
import { runCommand } from "../../support/command.ts";
import { agent, tenantId } from "./support.ts";

describe("coditect doctor", () => {
  let workspace: string;
  let folder: string;
  const agents = Array.from({ length: 20 }, (_, n) => agent({ name: `agent ${n}` }));

  beforeEach(async () => {
    workspace = await mkdtemp(join(tmpdir(), "coditect-doctor-"));
    folder = join(workspace, ".coditect", "state");
    claimStateFolder(folder, workspace);
    // The second closing makes the first one's file the backup.
    for (const half of [agents.slice(0, 10), agents.slice(10)]) {
      const store = await openStore({ folder, tenantId });
      await store.commit((transaction) => {
        for (const each of half) transaction.put("agents", each);
      });
      await store.close();
    }
  });
  afterEach(() => rm(workspace, { recursive: true }));

  const doctor = (...flags: string[]) => runCommand(["doctor", ...flags], { folder: workspace });
  const damage = async (): Promise<Buffer> => {
    const state = join(folder, fileNames.state);
    const bytes = await readFile(state);
    bytes[bytes.indexOf("agent 7")] = 0x41;
    await writeFile(state, bytes);
    return bytes;
  };

  it("says that a sound state folder is sound", async () => {
    const { exit_code, stdout } = await doctor();
    assert.equal(exit_code, 0, stdout);
    assert.match(stdout, /✔ +state .* 20 records/);
  });

  it("says which runner was found, from which file, what is missing, and the mend", async () => {
    const bare = await doctor();
    assert.match(bare.stdout, /– +tests +no test command found; new tests run with node:test or pytest/);
    await writeFile(join(workspace, "package.json"), '{ "scripts": { "test": "node --test" } }');
    assert.match((await doctor()).stdout, /✔ +tests +node:test, from package\.json/);
    await writeFile(join(workspace, "package.json"), '{ "devDependencies": { "jest": "30" } }');
    await writeFile(join(workspace, "package-lock.json"), "{}");
    const { exit_code, stdout } = await doctor();
    assert.equal(exit_code, 3, stdout);
    assert.match(
      stdout,
      /✖ +tests +jest, from package\.json, but jest is not installed\. Run `npm ci` in the project\./,
    );
  });

  it("names what is damaged and how to mend it, and changes nothing", async () => {
    const damaged = await damage();
    const { exit_code, stdout } = await doctor();
    assert.equal(exit_code, 3, stdout);
    assert.match(
      stdout,
      /✖ +state +a file is damaged \(state\.json, bytes 0 to \d+\); coditect doctor --repair/,
    );
    assert.deepEqual(await readFile(join(folder, fileNames.state)), damaged);
  });

  it("mends it with --repair, keeps the file as it was, and finds nothing afterwards", async () => {
    const damaged = await damage();
    const { exit_code, stdout } = await doctor("--repair");
    assert.equal(exit_code, 0, stdout);
    assert.match(stdout, /✔ +state +repaired, 20 records; the original files are in damaged-/);
    const kept = (await readdir(folder)).find((name) => name.startsWith("damaged-")) ?? "";
    assert.deepEqual(await readFile(join(folder, kept, fileNames.state)), damaged);
    assert.match((await doctor()).stdout, /✔ +state .* 20 records/);
    const store = await openStore({ folder, tenantId });
    assert.deepEqual(store.all("agents", { type: "Coder" }).reverse(), agents);
    await store.close();
  });
});
