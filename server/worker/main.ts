import { startupSnapshot } from "node:v8";
import { connectRuntime } from "../protocol/runtime-end.ts";
import { separateFromCommands } from "./command-user.ts";
import { forwardEgress } from "./egress.ts";
import { workerHandlers } from "./handlers.ts";
import { keepDebuggerClosed } from "../platform/debugger.ts";
import { optimizeLate } from "../platform/optimize-late.ts";
import type { RunTests } from "./tools/tool.ts";

// This is loaded when first needed, because most workers start long before their first test run.
const runTests: RunTests = async (...given) => (await import("./runners/run-tests.ts")).runTests(...given);

/**
 * The entry of a worker process. Standard input and output belong to the protocol, so all other output goes to
 * standard error. The worker ends when its input ends, and ends all processes that it started.
 */
const start = (): void => {
  optimizeLate();
  separateFromCommands();
  const protocol = process.stdout;
  Object.defineProperty(process, "stdout", { get: () => process.stderr });
  const life = new AbortController();

  const end = (code: number): never => {
    life.abort(); // Kills every process group that was started, before this returns.
    process.exit(code);
  };
  process.on("SIGTERM", () => end(0));
  keepDebuggerClosed();
  process.on("SIGINT", () => undefined); // Ctrl+C reaches the whole group, but the runtime decides when to end.
  process.on("uncaughtException", (error) => {
    process.stderr.write(`${error.stack ?? error.message}\n`);
    end(1);
  });

  forwardEgress(process.env);
  const { runtime, serve } = connectRuntime(process.stdin, protocol, life.signal);
  serve(workerHandlers(runtime, runTests), () => end(0));
};

// A snapshot contains everything up to here. See `snapshot.ts`.
if (startupSnapshot.isBuildingSnapshot()) startupSnapshot.setDeserializeMainFunction(start);
else start();
