import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { probeSandbox } from "../../server/instances/drivers/local/confinement.ts";
import { workerEntry } from "../../server/platform/installation.ts";
import { pools } from "../integration/instances/conformance.ts";
import { command, localDriver, never } from "../integration/instances/pool-harness.ts";
import { skipUnlessNull } from "../support/skip.ts";

const sandbox = await probeSandbox();
const nothing = { overlays: [], changes: [] };

/** Why no command gets namespaces of its own here; null: each does. */
const missing =
  "unavailable" in sandbox
    ? sandbox.unavailable
    : "nests" in sandbox && sandbox.nests
      ? null
      : "the system does not allow bubblewrap inside of bubblewrap";

describe("a command in namespaces of its own", function () {
  this.timeout(30_000);
  skipUnlessNull(this, missing);
  const start = pools(() => localDriver({ entry: workerEntry() }));

  const prepared = async () => {
    const instance = await (await start()).claim();
    await instance.call("workspace/prepare", nothing, never);
    const run = async (line: string) => instance.call("tests/run", command(line), never);
    return run;
  };

  it("sees no process but those it started", async () => {
    const run = await prepared();
    const { output } = await run("cat /proc/[0-9]*/cmdline | tr '\\0' ' '");
    assert.match(output, /cat/);
    assert.doesNotMatch(output, /worker|snapshot/);
  });

  it("cannot end, stop or signal its worker", async () => {
    const run = await prepared();
    for (const name of ["KILL", "STOP", "TERM", "USR1", "SEGV"]) await run(`kill -s ${name} -- -1; true`);
    for (const group of ["0", "-1"]) await run(`trap '' TERM; kill -s TERM -- ${group}; true`);
    const { output } = await run("echo it answers");
    assert.equal(output.trim(), "it answers");
  });

  it("leaves no process to watch or change what the next command does", async () => {
    const run = await prepared();
    const writer = "while true; do date +%N >> ../left; sleep 0.01; done";
    await run(`setsid sh -c '${writer}' >/dev/null 2>&1 </dev/null & until test -s ../left; do :; done`);
    const { exit_code, output } = await run("cp ../left seen && sleep 0.2 && cmp seen ../left");
    assert.equal(exit_code, 0, output);
  });

  it("leaves no memory that the next command could read", async () => {
    const run = await prepared();
    await run("ipcmk -M 4096 >/dev/null");
    const { output } = await run("cat /proc/sysvipc/shm");
    assert.equal(output.trim().split("\n").length, 1, output);
  });

  it("makes no user namespace, in which it would have rights", async () => {
    const run = await prepared();
    const { output } = await run("unshare -U true; echo 5 > /proc/sys/user/max_user_namespaces; true");
    assert.match(output, /unshare failed/);
    assert.match(output, /Read-only|Permission denied|cannot create/);
  });

  it("uncovers nothing: neither the machine's own processes nor what is hidden", async () => {
    const run = await prepared();
    const { output } = await run(
      "umount /run; ls /run; umount /proc; ls -d /proc/1; umount -l /instance; true",
    );
    assert.doesNotMatch(output, /^proc$/m);
    assert.equal(output.match(/superuser|not permitted|permission/gi)?.length, 3, output);
  });

  it("that is killed is told from one that fails", async () => {
    const run = await prepared();
    const { exit_code } = await run("kill -s KILL $$");
    assert.equal(exit_code, null);
  });

  it("still ends with its own exit code, output and files", async () => {
    const run = await prepared();
    const { exit_code, output } = await run("echo out; echo err >&2; exit 3");
    assert.equal(exit_code, 3);
    assert.match(output, /out\nerr/);
  });
});
