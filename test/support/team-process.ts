import { Settings } from "../../schemas/settings.ts";
import type { RuntimeEvent } from "../../schemas/events.ts";
import { createRuntime } from "../../server/runtime/runtime.ts";
import { builtWorker } from "./product.ts";

/**
 * A process with a runtime, for tests that kill it. Its arguments are the workspace, the endpoint of the model, and
 * the number of checkpoints that it survives (0: all), followed by the team, the attempts at its code, the task and the
 * file of a new run. Without these, it resumes the interrupted run. It prints the last event as JSON when it ends.
 */
const [workspace = "", endpoint = "", survives = "0", team, attempts, task = "", file] =
  process.argv.slice(2);

/** Events that are emitted immediately after a durable step. */
const checkpoints: ReadonlySet<RuntimeEvent["type"]> = new Set([
  "stage.started",
  "execution.changed",
  "model.usage",
  "tool.called",
  "gate.proved",
  "stage.finished",
]);

// Only a bundled worker can be sent to another machine.
const { CODITECT_TEST_RUNTIME: where = "Local", CODITECT_TEST_WORKER: bundle } = process.env;

const runtime = await createRuntime({
  workspace,
  settings: Settings.parse({
    provider: { Ollama: { model: "rehearsal", endpoint } },
    runtime: where,
  }),
  credentials: { keys: () => Promise.resolve([]) },
  worker: bundle === undefined ? builtWorker() : { command: process.execPath, args: [bundle] },
  log: (level, message, data) => {
    if (level === "error") process.stderr.write(`${message} ${JSON.stringify(data ?? {})}\n`);
  },
});

let passed = 0;
runtime.subscribe((event) => {
  if (checkpoints.has(event.type) && ++passed === Number(survives)) process.kill(process.pid, "SIGKILL");
  if (event.type !== "run.finished") return;
  // All executions have ended, so the sums of the days contain their usage.
  const calls = runtime.store.all("dailyUsage").reduce((sum, { api_calls }) => sum + api_calls, 0);
  process.stdout.write(`${JSON.stringify({ ...event, checkpoints: passed, calls })}\n`);
  void runtime.close();
});

const call = (method: string, params: object): Promise<unknown> =>
  runtime.dispatch(method, params, { role: "admin", surface: "cli" }, new AbortController().signal);

if (team === undefined) {
  const [interrupted] = runtime.store.all("runs", { status: "Interrupted" });
  if (interrupted === undefined) throw new Error("there is no interrupted run");
  await call("runs/resume", { task_id: interrupted.task_id });
} else {
  const options = attempts === "1" ? {} : { attempts: Number(attempts) };
  await call("teams/execute", { team_id: team, task, file, options });
}
