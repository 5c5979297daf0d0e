// A small real worker: it speaks the worker protocol and runs shell commands in its copy, without
// the agent loop. `execution/run` does what its `test_command` names, so that a test can make an
// instance die, hang or misbehave in a chosen way.
import { spawn } from "node:child_process";
import { createMessageConnection, StreamMessageReader, StreamMessageWriter } from "vscode-jsonrpc/node";
import type { LoopResult, WorkerParams } from "../../../schemas/worker.ts";
import type { TestReport } from "../../../schemas/tests.ts";
import { commandUser, separateFromCommands } from "../../../server/worker/command-user.ts";

const connection = createMessageConnection(
  new StreamMessageReader(process.stdin),
  new StreamMessageWriter(process.stdout),
);
separateFromCommands();
let copy = "";

const finished = (summary: string): LoopResult => ({
  outcome: "finished",
  summary,
  reasoning: null,
  confidence: 1,
  completeness: 1,
  turns: 0,
});

/** Runs a shell command in the copy, to its end. */
const shell = (command: string): Promise<{ code: number | null; output: string }> =>
  new Promise((resolve) => {
    const child = spawn("/bin/sh", ["-c", command], {
      cwd: copy,
      stdio: ["ignore", "pipe", "pipe"],
      uid: commandUser() ?? undefined,
    });
    let output = "";
    const keep = (chunk: Buffer): void => {
      output = (output + chunk.toString()).slice(0, 64 * 1024);
    };
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    // What it left running may hold the pipes open.
    child.once("exit", () => {
      setTimeout(() => [child.stdout, child.stderr].map((stream) => stream.destroy()), 100).unref();
    });
    child.once("close", (code) => {
      resolve({ code, output });
    });
  });

const behaviours: Record<string, (execution: WorkerParams<"execution/run">) => unknown> = {
  work: () => finished("done"),
  ask: async ({ execution_id }) => {
    const params = { execution_id, turn: 1, note: null };
    const answer: unknown = await connection.sendRequest("model/generate", params);
    return finished(JSON.stringify(answer));
  },
  "ask for another": async () => {
    const params = { execution_id: "00000000-0000-4000-8000-00000000dead", turn: 1, note: null };
    return connection.sendRequest("model/generate", params).then(
      () => finished("answered"),
      (error: unknown) => finished(error instanceof Error ? error.message : "refused"),
    );
  },
  "exit 3": () => process.exit(3),
  "kill itself": () => process.kill(process.pid, "SIGKILL"),
  "fill the heap": () => {
    const kept: string[][] = [];
    for (;;) kept.push(new Array<string>(100_000).fill(`${"x".repeat(10)}${kept.length}`));
  },
  "fill memory": () => {
    const kept: Buffer[] = [];
    const timer = setInterval(() => kept.push(Buffer.alloc(16 * 1024 ** 2, 1)), 5);
    return new Promise(() => timer.ref());
  },
  hang: () => new Promise(() => undefined),
  spin: () => {
    for (;;) process.hrtime();
  },
  "write nonsense": () => {
    process.stdout.write("this is no message\r\n\r\n");
    return new Promise(() => undefined);
  },
  "write bad JSON": () => {
    process.stdout.write("Content-Length: 9\r\n\r\n{not json");
    return new Promise(() => undefined);
  },
  "announce a long message": () => {
    process.stdout.write("Content-Length: 99999999999\r\n\r\n");
    return new Promise(() => undefined);
  },
  "flood with messages": () => {
    const params = { level: "debug", message: "x", data: {} };
    const body = JSON.stringify({ jsonrpc: "2.0", method: "worker/log", params });
    const many = `Content-Length: ${body.length}\r\n\r\n${body}`.repeat(5000);
    const write = (): void => {
      process.stdout.write(many, write);
    };
    write();
    return new Promise(() => undefined);
  },
};

connection.onRequest("worker/initialize", (params: WorkerParams<"worker/initialize">) => {
  copy = params.copy;
  process.chdir(copy);
  return { agent_version: "test", node_version: process.version, pid: process.pid };
});
connection.onRequest("worker/ping", () => ({
  uptime_ms: process.uptime() * 1000,
  memory_mb: Math.round(process.memoryUsage.rss() / 1024 ** 2),
  cpu_seconds: process.cpuUsage().user / 1e6,
}));
connection.onRequest("workspace/prepare", () => ({
  files: 0,
  copied: 0,
  linked: [],
  left_out: [],
  duration_ms: 0,
}));
connection.onRequest("execution/run", (params: WorkerParams<"execution/run">) => {
  const behaviour = behaviours[params.test_command ?? "work"];
  return behaviour === undefined ? finished("unknown") : behaviour(params);
});
connection.onRequest("tests/run", async (params: WorkerParams<"tests/run">): Promise<TestReport> => {
  const { code, output } = await shell(params.command ?? "true");
  return {
    runner: "command",
    command: [params.command ?? "true"],
    outcome: code === 0 ? "passed" : "failed",
    exit_code: code,
    counts: { passed: 0, failed: 0, skipped: 0 },
    tests: [],
    load_errors: [],
    errors: [],
    parts: [],
    coverage: null,
    duration_ms: 0,
    output,
  };
});
process.stdin.once("end", () => process.exit(0));
connection.listen();
