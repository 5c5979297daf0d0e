import { PassThrough } from "node:stream";
import { createMessageConnection, StreamMessageReader, StreamMessageWriter } from "vscode-jsonrpc/node";
import { untilAborted } from "../../../schemas/abortable.ts";
import type { RuntimeType } from "../../../schemas/agent.ts";
import { fail } from "../../../schemas/errors.ts";
import type {
  Driver,
  RunningWorker,
  WorkerEnd,
  WorkerSpec,
} from "../../../server/instances/drivers/driver.ts";

/** Workers without a process: they speak the protocol, do nothing, and end when told to. */
export interface MemoryDriver extends Driver {
  /** Ids of the instances whose worker runs. */
  readonly running: ReadonlySet<string>;
  /** What was asked of each start. */
  readonly specs: readonly WorkerSpec[];
  /** Until it is set to null, every start fails with this. */
  fault: Error | null;
  /** Until it is set to null, every start waits for this. */
  waitsFor: string | null;
  /** Ends a worker by itself, as a crash would. */
  crash(instanceId: string): void;
}

const answerAsWorker = (input: PassThrough, output: PassThrough): void => {
  const connection = createMessageConnection(new StreamMessageReader(input), new StreamMessageWriter(output));
  connection.onRequest("worker/initialize", () => ({ agent_version: "", node_version: "", pid: 1 }));
  connection.onRequest("worker/ping", () => ({ uptime_ms: 1, memory_mb: 1, cpu_seconds: 0 }));
  connection.listen();
};

export const memoryDriver = (runtime: RuntimeType = "Local"): MemoryDriver => {
  const specs: WorkerSpec[] = [];
  const workers = new Map<string, (end: WorkerEnd) => void>();
  const start = (spec: WorkerSpec): RunningWorker => {
    const [input, output] = [new PassThrough(), new PassThrough()];
    answerAsWorker(input, output);
    const ended = Promise.withResolvers<WorkerEnd>();
    const end = (reason: WorkerEnd): void => {
      workers.delete(spec.instance_id);
      output.end();
      ended.resolve(reason);
    };
    workers.set(spec.instance_id, end);
    return {
      runtimeId: spec.instance_id,
      input,
      output,
      paths: { source: spec.workspace, copy: spec.copy },
      region: "local",
      environment: {},
      details: {},
      unconfinedReason: null,
      remote: null,
      ended: ended.promise,
      usage: () => Promise.resolve({ cpu_seconds: 0, memory_mb: 1, processes: 1 }),
      pause: () => Promise.resolve(),
      resume: () => Promise.resolve(),
      kill: (reason) => {
        end(reason);
        return ended.promise;
      },
    };
  };
  return {
    runtime,
    specs,
    fault: null,
    waitsFor: null,
    start(spec, signal, tellWait) {
      if (this.fault !== null) return Promise.reject(this.fault);
      if (this.waitsFor !== null) {
        tellWait(this.waitsFor);
        return untilAborted(new Promise(() => undefined), signal, () =>
          fail("cancelled", { what: "The start" }),
        );
      }
      specs.push(spec);
      return Promise.resolve(start(spec));
    },
    removeOrphans: () => Promise.resolve(0),
    get running() {
      return new Set(workers.keys());
    },
    crash: (id) => workers.get(id)?.({ kind: "exited", how: "exit code 1" }),
  };
};
