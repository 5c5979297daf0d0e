import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  isRunning,
  parsePs,
  parseStat,
  processTable,
  treeOf,
  usageOf,
} from "../../../server/instances/drivers/process-table.ts";

describe("the process table", () => {
  it("reads a line of Linux, whatever the program calls itself", () => {
    const fields = "S 7 42 42 0 -1 4194560 100 0 0 0 150 50 20 30 20 0 1 0 100 1000000 2048";
    assert.deepEqual(parseStat(`42 (a) S 1 (b) ${fields}`, 4096), {
      pid: 42,
      parent: 7,
      cpu_seconds: 2.5,
      memory_bytes: 2048 * 4096,
    });
  });
  it("leaves out what has ended but was not buried", () => {
    assert.equal(parseStat("42 (x) Z 7 42 42 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 100 0 0", 4096), null);
  });
  it("reads a line of ps, with days and without", () => {
    assert.deepEqual(parsePs("  42     7  1024  1-02:03:04"), {
      pid: 42,
      parent: 7,
      cpu_seconds: 93_784,
      memory_bytes: 1024 * 1024,
    });
    assert.equal(parsePs("  42     7  1024    0:01.50")?.cpu_seconds, 1.5);
    assert.equal(parsePs("garbage"), null);
  });
  it("is never older than asked for, even while another reading goes on", async () => {
    const earlier = processTable(0);
    const child = spawn("sleep", ["60"], { stdio: "ignore" });
    assert.ok(child.pid !== undefined);
    const table = await processTable(0);
    assert.equal(table.get(child.pid)?.parent, process.pid);
    assert.equal((await earlier).has(child.pid), false, "the earlier one was not read before");
    child.kill("SIGKILL");
    await once(child, "exit");
  });
  it("finds a process, its child, and their use of the machine", async () => {
    const child = spawn("/bin/sh", ["-c", "sleep 60 & echo up; wait"], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    await once(child.stdout, "data");
    assert.ok(child.pid !== undefined);
    const tree = treeOf(await processTable(0), child.pid);
    assert.equal(tree.length, 2);
    assert.equal(tree[1]?.parent, child.pid);
    assert.equal(usageOf(tree).processes, 2);
    for (const { pid } of tree.toReversed()) process.kill(pid, "SIGKILL");
    await once(child, "exit");
    assert.equal(isRunning(child.pid), false);
  });
});
