import assert from "node:assert/strict";
import { copyFile, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { checkState } from "../../../server/store/doctor.ts";
import { SCHEMA_VERSION } from "../../../server/store/migrations.ts";
import { openStore } from "../../../server/store/open.ts";
import { faultyFiles, makeFolder, openMortal, tenantId } from "./support.ts";

const stored = join(import.meta.dirname, "../../fixtures/state/v1/state.json");

describe("a state file of another version", () => {
  let folder: string;
  const state = () => join(folder, "state.json");
  beforeEach(async () => {
    folder = await makeFolder();
    await copyFile(stored, state());
  });
  afterEach(() => rm(folder, { recursive: true }));

  it("that is older is brought to this version, with the old one as backup", async () => {
    const store = await openStore({ folder, tenantId });
    const [reviewer, coder] = store.all("agents");
    assert.deepEqual([coder?.name, reviewer?.name], ["coder", "reviewer"]);
    assert.deepEqual(coder?.settings.failover, [], "fields of ours get their defaults");
    assert.deepEqual(
      store.all("instances", { state: "Idle" }).map(({ agent_id }) => agent_id),
      [coder.agent_id],
      "indexes of ours are derived",
    );
    await store.close();
    assert.deepEqual(await readFile(join(folder, "state.backup.json")), await readFile(stored));
    const data = JSON.parse(await readFile(state(), "utf8")) as Record<string, unknown>;
    assert.equal(data["/schema_version"], SCHEMA_VERSION);
    assert.deepEqual(data[`/${tenantId}/notes_of_another_program/1`], { kept: "as it is" });
    assert.deepEqual(await checkState(folder), { records: 3, problems: [] });
  });

  it("that is older survives a disk that fails at any operation of the migration", async () => {
    for (let number = 1; ; number += 1) {
      const faults = faultyFiles();
      faults.failFrom(number, "EIO");
      await (await openMortal(folder, {}, faults)).kill();
      const store = await openStore({ folder, tenantId });
      assert.equal(store.all("agents").length, 2, `failing from operation ${number}`);
      assert.equal(store.all("instances", { state: "Idle" }).length, 1);
      await store.close();
      if (faults.count() < number) return;
      for (const name of await readdir(folder)) await rm(join(folder, name), { recursive: true });
      await copyFile(stored, state());
    }
  });

  it("that is newer is refused and left as it is", async () => {
    const newer = `{\n"/schema_version":${SCHEMA_VERSION + 1}\n}\n`;
    await writeFile(state(), newer);
    await assert.rejects(openStore({ folder, tenantId }), {
      code: "state_newer",
      data: { file: "state.json", found: SCHEMA_VERSION + 1, known: SCHEMA_VERSION },
    });
    assert.equal(await readFile(state(), "utf8"), newer);
    assert.ok((await readdir(folder)).every((name) => !name.startsWith("journal")));
  });
});
