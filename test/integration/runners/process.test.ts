import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CoditectError } from "../../../schemas/errors.ts";
import { childEnvironment, runProcess, type ProcessRequest } from "../../../server/worker/process.ts";

/** Whether a process runs; one that has ended and waits for a slow init to fetch it does not. */
const isAlive = async (pid: number): Promise<boolean> => {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  const status = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  return !status.includes(") Z ");
};

/** Resolves when the process is gone; the test's own deadline is the limit. */
const gone = async (pid: number): Promise<void> => {
  while (await isAlive(pid)) await new Promise((resolve) => setImmediate(resolve));
};

describe("runProcess", () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "process "));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const running = new AbortController().signal;
  const node = (
    script: string,
    args: string[] = [],
    options: Partial<ProcessRequest> = {},
    signal = running,
  ) =>
    runProcess(
      {
        command: [process.execPath, "-e", script, ...args],
        cwd: folder,
        env: childEnvironment(),
        timeout_ms: 20_000,
        output_bytes: 4096,
        ...options,
      },
      signal,
    );

  it("gives back exit code and both streams, and passes arguments on unchanged", async () => {
    const script = "console.log(process.argv[1]); console.error(process.cwd()); process.exitCode = 3";
    const result = await node(script, ["$HOME `id` 'ü'"]);
    assert.equal(result.exit_code, 3);
    assert.match(result.output, /\$HOME `id` 'ü'/);
    assert.ok(result.output.includes(folder));
  });

  it("says why a program cannot be started", async () => {
    await assert.rejects(
      node("", [], { command: ["no-such-program-here"] }),
      (error) =>
        error instanceof CoditectError &&
        error.message === "Cannot start no-such-program-here: it is not installed.",
    );
  });

  it("keeps the beginning and the end of long output, in bounded memory", async () => {
    const result = await node("process.stdout.write('first' + 'ü'.repeat(3e6) + 'last')");
    assert.ok(Buffer.byteLength(result.output) < 4096 + 100);
    assert.match(result.output, /^firstü+.?\n… \d+ bytes cut …\n.?ü+last$/);
  });

  it("passes no variable on that is not on the allow-list", async () => {
    process.env.ANTHROPIC_API_KEY = "sk-secret";
    process.env.MY_SERVICE_TOKEN = "secret";
    process.env.VIRTUAL_ENV = "/environment";
    try {
      const result = await node("console.log(JSON.stringify(process.env))", [], {
        env: childEnvironment({ EXTRA: "yes" }),
      });
      assert.doesNotMatch(result.output, /secret/);
      assert.match(result.output, /"EXTRA":"yes"/);
      assert.match(result.output, /"CI":"true"/);
      // Poetry, uv and others run commands in the environment of the private copy.
      assert.match(result.output, /"VIRTUAL_ENV":"\/environment"/);
    } finally {
      delete process.env.ANTHROPIC_API_KEY;
      delete process.env.MY_SERVICE_TOKEN;
      delete process.env.VIRTUAL_ENV;
    }
  });

  // A child that starts a child, says both pids, and then sleeps without end.
  const family = `
    const child = require("node:child_process").spawn(process.execPath, ["-e", "setInterval(() => {}, 1e9)"]);
    require("node:fs").writeFileSync(process.argv[1], process.pid + " " + child.pid);
    console.log("ready");
    setInterval(() => {}, 1e9);`;
  const pidsIn = async (file: string) => (await readFile(file, "utf8")).split(" ").map(Number);

  it("kills the whole family at the deadline", async () => {
    const file = join(folder, "deadline");
    const result = await node(family, [file], { timeout_ms: 1500 });
    assert.deepEqual([result.timed_out, result.signal, result.exit_code], [true, "SIGKILL", null]);
    for (const pid of await pidsIn(file)) await gone(pid);
  });

  it("settles at once with cancelled and kills the whole family when aborted", async () => {
    const file = join(folder, "aborted");
    const abort = new AbortController();
    const result = node(family, [file], {}, abort.signal);
    let pids: number[] = [];
    while (pids.length < 2) pids = await pidsIn(file).catch(() => []);
    abort.abort();
    const at = performance.now();
    await assert.rejects(result, (error) => error instanceof CoditectError && error.code === "cancelled");
    assert.ok(performance.now() - at < 100);
    for (const pid of pids) await gone(pid);
  });

  it("does not wait for what was left in the background, and ends it", async () => {
    const script = `
      const child = require("node:child_process").spawn(process.execPath, ["-e", "setInterval(() => {}, 1e9)"], { stdio: "inherit" });
      console.log("pid", child.pid);
      child.unref();`;
    const result = await node(script);
    assert.equal(result.exit_code, 0);
    await gone(Number(/pid (\d+)/.exec(result.output)?.[1]));
  });

  it("leaves no process behind when this process is killed", async () => {
    const file = join(folder, "orphan");
    const module = new URL("../../../server/worker/process.ts", import.meta.url).href;
    const script = `
      const { childEnvironment, runProcess } = await import(${JSON.stringify(module)});
      const command = [process.execPath, "-e", ${JSON.stringify(family)}, ${JSON.stringify(file)}];
      const request = { command, cwd: ".", env: childEnvironment(), timeout_ms: 60000, output_bytes: 1024 };
      await runProcess(request, new AbortController().signal);`;
    const owner = spawn(process.execPath, ["--input-type=module", "-e", script], { cwd: folder });
    let pids: number[] = [];
    while (pids.length < 2) pids = await pidsIn(file).catch(() => []);
    owner.kill("SIGKILL");
    await once(owner, "exit");
    for (const pid of pids) await gone(pid);
  });
});
