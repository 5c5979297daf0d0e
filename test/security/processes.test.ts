import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { copyFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { describe, it } from "mocha";
import { createDockerDriver } from "../../server/instances/drivers/docker/driver.ts";
import { probeSandbox } from "../../server/instances/drivers/local/confinement.ts";
import { builtWorker } from "../support/product.ts";
import { findProgram } from "../../server/workspace/find-program.ts";
import { dockerEngine } from "../docker-engine.ts";
import { pools } from "../integration/instances/conformance.ts";
import { command, localDriver, never } from "../integration/instances/pool-harness.ts";
import { skipUnlessNull } from "../support/skip.ts";

const sandbox = await probeSandbox();
const engine = await dockerEngine();
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
  const start = pools(() => localDriver({ entry: builtWorker() }));

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

describe("a command in a container", function () {
  this.timeout(30_000);
  skipUnlessNull(this, engine);
  const start = pools(() => createDockerDriver({ entry: builtWorker(), stateFolder: import.meta.filename }));

  const prepared = async (fill: (workspace: string) => Promise<void> = () => Promise.resolve()) => {
    const pool = await start();
    await fill(pool.workspace);
    const instance = await pool.claim();
    await instance.call("workspace/prepare", nothing, never);
    return async (line: string) => instance.call("tests/run", command(line), never);
  };

  it("is another user than its worker, and has no right", async () => {
    const run = await prepared();
    const { output } = await run(
      "grep -hE '^(Uid|CapPrm|CapEff|NoNewPrivs)' /proc/$PPID/status /proc/self/status",
    );
    const [worker, , , , own, ...rights] = output.trim().split("\n");
    assert.match(worker ?? "", /^Uid:\t0\t(?!0\t)(\d+)\t0\t\1$/);
    assert.match(own ?? "", /^Uid:\t(?!0\t)(\d+)\t\1\t\1\t\1$/);
    assert.deepEqual(rights, ["CapPrm:\t0000000000000000", "CapEff:\t0000000000000000", "NoNewPrivs:\t1"]);
  });

  it("cannot end, stop or signal its worker, or the first process", async () => {
    const run = await prepared();
    const signals = "KILL STOP TERM INT HUP USR1 USR2 SEGV ABRT PIPE ALRM XCPU TSTP";
    const { output } = await run(
      `for s in ${signals}; do for p in 1 $PPID -$PPID; do kill -s $s -- $p 2>/dev/null && echo REACHED $s $p; done; done; true`,
    );
    assert.equal(output, "");
    await run("trap '' TERM; kill -s KILL -- -1; true");
    assert.equal((await run("echo it answers")).output.trim(), "it answers");
  });

  it("cannot take from its worker what it needs", async () => {
    const prlimit = findProgram("prlimit");
    assert.ok(prlimit !== null);
    const linked = execFileSync("ldd", [prlimit], { encoding: "utf8" });
    const libraries = [...linked.matchAll(/=> (\/\S+)/g)].flatMap(([, path]) => path ?? []);
    const run = await prepared(async (workspace) => {
      for (const path of [prlimit, ...libraries]) await copyFile(path, join(workspace, basename(path)));
    });
    const limits = ["--nofile=3", "--as=1", "--cpu=1", "--fsize=0", "--nproc=1"];
    const { output } = await run(
      limits
        .map((limit) => `LD_LIBRARY_PATH=. ./prlimit --pid $PPID ${limit} 2>&1`)
        .concat("echo it answers")
        .join("; "),
    );
    assert.equal(output.match(/not permitted/g)?.length, limits.length, output);
    assert.match(output, /it answers/);
  });
});
