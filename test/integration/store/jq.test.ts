import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { indexKeys, keys } from "../../../schemas/keys.ts";
import { fileNames } from "../../../server/store/files.ts";
import { openStore } from "../../../server/store/open.ts";
import { skipUnlessNull } from "../../support/skip.ts";
import { agent, finding, makeFolder, tenantId } from "./support.ts";

describe("jq on a state file", function () {
  skipUnlessNull(this, spawnSync("jq", ["--version"]).status === 0 ? null : "jq is not installed");
  let folder: string;
  beforeEach(async () => {
    folder = await makeFolder();
  });
  afterEach(() => rm(folder, { recursive: true }));

  const jq = async (filter: string): Promise<unknown> => {
    const path = join(folder, fileNames.state);
    const { stdout } = await promisify(execFile)("jq", ["--compact-output", filter, path]);
    return JSON.parse(stdout);
  };

  it("reads records and indexes after a clean close, whatever the texts hold", async () => {
    const odd = agent({ name: 'line\nbreak, "quotes", \\, \u0000, \u2028, 日本, 🦀' });
    const plain = agent({ status: "Busy" });
    const found = finding({ path: "src/ü b.ts" });
    const store = await openStore({ folder, tenantId, durability: "os" });
    await store.commit((transaction) => {
      transaction.put("agents", odd);
      transaction.put("agents", plain);
      transaction.put("findings", found);
    });
    await store.close();

    assert.deepEqual(await jq(`.["${keys.agent(tenantId, odd.agent_id)}"]`), odd);
    assert.deepEqual(await jq(`.["${indexKeys.agentsByType(tenantId, "Coder")}"]`), [
      odd.agent_id,
      plain.agent_id,
    ]);
    const busy = `[to_entries[] | select(.key | contains("/agents/")) | .value | select(.status == "Busy") | .agent_id]`;
    assert.deepEqual(await jq(busy), [plain.agent_id]);
    assert.deepEqual(await jq(`.["${indexKeys.findingsByPath(tenantId, found.path)}"]`), [found.finding_id]);
  });
});
