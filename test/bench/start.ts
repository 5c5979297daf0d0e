import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { createMessageConnection, StreamMessageReader, StreamMessageWriter } from "vscode-jsonrpc/node";
import { shippedPath } from "../../server/platform/installation.ts";
import { builtInScript } from "../../server/rehearsal/built-in.ts";
import { runSession } from "../support/session.ts";
import { median, type Report } from "./report.ts";

const RUNS = 7;

/** From the command to the first model request, and what both processes hold at most. */
export default async function run({ report }: Report): Promise<void> {
  const script = await builtInScript("tdd");
  await runSession("tdd", script);
  const sessions = [];
  for (let count = 0; count < RUNS; count += 1) sessions.push(await runSession("tdd", script));

  const bareNode = median(Array.from({ length: RUNS }, startOfNode));
  const first = median(sessions.map((session) => session.first_request_ms));
  const name = "coditect run → first model request (warm)";
  const goal = "under 200 ms; the best peer, Codex CLI, takes 166–214";
  report({
    name,
    value: first,
    unit: "ms",
    against: { name: "bare node process", value: bareNode },
    goal,
    holds: first < 200,
  });
  report({
    name,
    value: first,
    unit: "ms",
    against: { name: "Codex CLI, as published", value: 166 },
    goal: "",
    holds: null,
  });

  const answers: number[] = [];
  for (let count = 0; count < RUNS; count += 1) answers.push(await startOfLanguageServer());
  const answered = median(answers);
  report({
    name: "language server → first answer (warm)",
    value: answered,
    unit: "ms",
    against: { name: "bare node process", value: bareNode },
    goal: "under 300 ms",
    holds: answered < 300,
  });

  const peaks = sessions.flatMap(({ peak_memory_mb }) => (peak_memory_mb === null ? [] : [peak_memory_mb]));
  if (peaks.length === 0) return;
  const runtime = median(peaks.map((peak) => peak.runtime));
  const worker = median(peaks.map((peak) => peak.worker));
  report({
    name: "peak resident memory, runtime and one worker",
    value: runtime + worker,
    unit: "MB",
    against: { name: "Codex CLI, as published", value: 181 },
    goal: "under 160 MB",
    holds: runtime + worker < 160,
  });
  report({ name: "  of it the runtime", value: runtime, unit: "MB", against: null, goal: "", holds: null });
  report({ name: "  of it the worker", value: worker, unit: "MB", against: null, goal: "", holds: null });
}

/** As the editor starts it on a folder it has not seen: `initialize`, then a question to its runtime. */
const startOfLanguageServer = async (): Promise<number> => {
  const workspace = mkdtempSync(join(tmpdir(), "coditect-bench-"));
  cpSync(shippedPath("media", "sample"), workspace, { recursive: true });
  const uri = pathToFileURL(workspace).href;
  const started = performance.now();
  const server = spawn(process.execPath, [shippedPath("dist", "server.js"), "--stdio"], {
    stdio: ["pipe", "pipe", "ignore"],
  });
  const connection = createMessageConnection(
    new StreamMessageReader(server.stdout),
    new StreamMessageWriter(server.stdin),
  );
  connection.listen();
  const workspaceFolders = [{ uri, name: "sample" }];
  const initialize = { processId: process.pid, rootUri: uri, capabilities: {}, workspaceFolders };
  await connection.sendRequest("initialize", initialize);
  await connection.sendNotification("initialized", {});
  await connection.sendRequest("coditect/agents/list", {});
  const answered = performance.now() - started;
  const exit = once(server, "exit");
  await connection.sendRequest("shutdown");
  await connection.sendNotification("exit");
  await exit;
  connection.dispose();
  rmSync(workspace, { recursive: true, force: true });
  return answered;
};

const startOfNode = (): number => {
  const started = performance.now();
  spawnSync(process.execPath, ["-e", "0"]);
  return performance.now() - started;
};
