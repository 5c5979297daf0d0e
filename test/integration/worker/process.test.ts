import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CoditectError } from "../../../schemas/errors.ts";
import type { ErrorCode } from "../../../schemas/errors.ts";
import { WORKER_PROTOCOL_VERSION } from "../../../schemas/worker.ts";
import { assistantMessage, finish, startWorker, type WorkerUnderTest } from "./runtime-peer.ts";
import { clear, temporaryFolder, writeTree } from "./tree.ts";

const isError =
  (code: ErrorCode, part: RegExp) =>
  (error: unknown): boolean =>
    error instanceof CoditectError && error.code === code && part.test(error.message);

/** A command that writes its process id into the workspace and never ends, and has a child. */
const endless: [string, { command: string; args: string[] }] = [
  "run_command",
  {
    command: "node",
    args: [
      "-e",
      `const { spawn } = require("node:child_process");
       const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1e6)"], { stdio: "inherit" });
       require("node:fs").writeFileSync(process.env.TMPDIR + "/pids", process.pid + " " + child.pid);
       setInterval(() => {}, 1e6);`,
    ],
  },
];

const isRunning = (pid: number): boolean => {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
};

const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
};

describe("worker process", () => {
  let worker: WorkerUnderTest;
  let source: string;
  beforeEach(async () => {
    source = temporaryFolder("source");
    writeTree(source, { "a.ts": "a" });
    worker = await startWorker({ TMPDIR: source });
  });
  afterEach(async () => {
    await worker.stop();
    clear(source);
  });

  it("says what it is, and how it is", async () => {
    const about = await worker.call("worker/initialize", {
      protocol_version: WORKER_PROTOCOL_VERSION,
      instance_id: "22222222-2222-4222-8222-222222222222",
      source,
      copy: join(worker.place, "copy"),
      git: null,
      copy_key: "key",
      python: null,
      allowed_commands: [],
      command_timeout_seconds: 1,
      output_bytes: 1024,
    });
    assert.equal(about.pid, worker.process.pid);
    assert.match(about.agent_version, /^\d+\.\d+\.\d+/);
    assert.equal(about.node_version, process.versions.node);
    const first = await worker.call("worker/ping", {});
    assert.ok(first.memory_mb > 10 && first.uptime_ms > 0 && first.cpu_seconds > 0);
  });

  it("refuses another protocol, and work before it is initialized", async () => {
    await assert.rejects(
      worker.call("workspace/prepare", { overlays: [], changes: [] }),
      isError("instance_refused", /prepare its copy before it was initialized/),
    );
    await assert.rejects(
      worker.initialize(source, { protocol_version: 99 }),
      isError(
        "instance_not_started",
        new RegExp(`it speaks protocol ${WORKER_PROTOCOL_VERSION}, the runtime 99`),
      ),
    );
    await assert.rejects(
      worker.initialize(source, { output_bytes: 1 }),
      isError("invalid_params", /worker\/initialize is not valid: output_bytes: /),
    );
  });

  it("says which workspace is gone, without the path", async () => {
    await assert.rejects(
      worker.initialize(join(source, "nowhere")),
      isError("instance_not_started", /workspace.*does not exist/),
    );
  });

  it("answers pings while it copies a workspace of many files", async () => {
    for (let folder = 0; folder < 100; folder += 1) {
      mkdirSync(join(source, String(folder)));
      for (let file = 0; file < 30; file += 1) writeFileSync(join(source, `${folder}/${file}.ts`), "text");
    }
    await worker.initialize(source);
    const order: string[] = [];
    const preparing = worker.call("workspace/prepare", { overlays: [], changes: [] });
    const done = preparing.then(() => order.push("prepared"));
    for (let ping = 0; ping < 3; ping += 1) {
      await worker.call("worker/ping", {});
      order.push("ping");
    }
    await done;
    assert.deepEqual(order, ["ping", "ping", "ping", "prepared"]);
    assert.equal((await preparing).files, 3001);
  });

  it("keeps what its code prints away from the protocol", async () => {
    writeTree(source, { "package.json": '{"type":"module","scripts":{"test":"node --test"}}' });
    writeTree(source, { "a.test.js": 'import "node:test"; console.log("Content-Length: 5");' });
    await worker.initialize(source);
    await worker.call("workspace/prepare", { overlays: [], changes: [] });
    const report = await worker.call("tests/run", {
      files: null,
      name: null,
      coverage: false,
      command: null,
      timeout_seconds: 20,
    });
    assert.equal(report.runner, "node:test");
    assert.equal((await worker.runScript([[finish]])).outcome, "finished");
  });

  for (const way of ["its input closes", "SIGTERM", "SIGKILL"] as const) {
    it(`leaves no process behind when it ends by ${way}`, async () => {
      await worker.initialize(source, { command_timeout_seconds: 600 });
      await worker.call("workspace/prepare", { overlays: [], changes: [] });
      worker.onGenerate = ({ turn }) => assistantMessage(turn, [endless]);
      const running = worker.runScript([[endless]]).catch(() => undefined);
      await until(
        () => existsSync(join(source, "pids")) && readFileSync(join(source, "pids"), "utf8") !== "",
      );
      const pids = readFileSync(join(source, "pids"), "utf8").split(" ").map(Number);
      assert.ok(pids.every(isRunning));
      const ended = once(worker.process, "exit");
      const started = performance.now();
      if (way === "its input closes") worker.process.stdin?.end();
      else worker.process.kill(way);
      await ended;
      await until(() => !pids.some(isRunning));
      assert.ok(performance.now() - started < 5000);
      void running;
    });
  }

  it("survives Ctrl+C in the terminal, which the runtime answers", async () => {
    await worker.initialize(source);
    worker.process.kill("SIGINT");
    assert.ok((await worker.call("worker/ping", {})).uptime_ms > 0);
  });

  it("ends commands that take too long, with all they started", async () => {
    await worker.initialize(source, { command_timeout_seconds: 1 });
    await worker.call("workspace/prepare", { overlays: [], changes: [] });
    await worker.runScript([[endless], [finish]]);
    const [command] = worker.finished;
    assert.match(command?.outcome.content ?? "", /^Ended after 1 s, the most a command may take\./);
    const pids = readFileSync(join(source, "pids"), "utf8").split(" ").map(Number);
    await until(() => !pids.some(isRunning));
  });
});
