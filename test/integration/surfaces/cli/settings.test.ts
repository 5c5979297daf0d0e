import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile, mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { z } from "zod";
import { SettingValue } from "../../../../schemas/resolve-settings.ts";
import { runCommand } from "../../../support/command.ts";
import { ownUserFolder } from "../../../support/user-folder.ts";

describe("coditect settings", () => {
  const user = ownUserFolder();
  let workspace: string;
  let config: string;
  before(async () => {
    config = user.use();
    workspace = await mkdtemp(join(tmpdir(), "coditect-settings-"));
  });
  after(async () => {
    await user.restore();
    await rm(workspace, { recursive: true });
  });
  const run = (...args: string[]) => runCommand(["settings", ...args], { folder: workspace });
  const one = async (key: string, ...args: string[]): Promise<z.infer<typeof SettingValue>> => {
    const { exit_code, stdout, stderr } = await run(...args, "--json");
    assert.equal(exit_code, 0, stderr);
    const items = stdout
      .trim()
      .split("\n")
      .map((line) => SettingValue.parse(JSON.parse(line)));
    return items.find((item) => item.key === key) ?? assert.fail(stdout);
  };

  it("keeps what the user sets for every workspace, and says where it comes from", async () => {
    const key = "pool.max_instances";
    assert.deepEqual((await one(key, "list")).origin, "default");
    await one(key, "set", key, "3");
    assert.partialDeepStrictEqual(await one(key, "list"), { value: 3, origin: "user" });
    const file: unknown = JSON.parse(await readFile(join(config, "coditect-agents/settings.json"), "utf8"));
    assert.deepEqual(file, { pool: { max_instances: 3 } });
    await one(key, "unset", key);
    assert.partialDeepStrictEqual(await one(key, "list"), { value: 8, origin: "default" });
  });

  it("lets a workspace tighten and not loosen", async () => {
    const key = "limits.cost_per_run";
    await one(key, "set", key, "2", "--project");
    assert.partialDeepStrictEqual(await one(key, "list"), { value: 2, origin: "workspace" });
    const { exit_code, stderr } = await run("set", key, "20", "--project");
    assert.equal(exit_code, 2);
    assert.match(stderr, /A workspace cannot set limits.cost_per_run to 20: yours is 5/);
  });

  it("names a setting that does not exist, a value that is wrong, and a file that is not valid", async () => {
    assert.match((await run("set", "pool.max", "3")).stderr, /There is no setting pool.max/);
    assert.match((await run("set", "pool.cpus", "many")).stderr, /pool.cpus/);
    await mkdir(join(workspace, ".coditect"), { recursive: true });
    await writeFile(join(workspace, ".coditect/settings.json"), '{ "pool": { "max": 1 } }');
    const { exit_code, stderr } = await run("list");
    assert.equal(exit_code, 2);
    assert.match(stderr, /\.coditect\/settings\.json is not valid: .*max/);
    await rm(join(workspace, ".coditect/settings.json"));
  });
});
