import {
  CancellationTokenSource,
  createMessageConnection,
  NullLogger,
  type CancellationToken,
  type MessageConnection,
} from "vscode-jsonrpc/node";
import type { Readable, Writable } from "node:stream";
import type { z } from "zod";
import { fail } from "../../schemas/errors.ts";
import {
  runtimeMethods,
  workerMethods,
  type RuntimeMethod,
  type RuntimeParams,
  type RuntimeResult,
  type WorkerMethod,
  type WorkerParams,
  type WorkerResult,
} from "../../schemas/worker.ts";
import { untilAborted } from "../../schemas/abortable.ts";
import { fromResponseError, toResponseError } from "./errors.ts";
import { FrameReader, FrameWriter } from "./frames.ts";
import { describeProblems } from "../../schemas/problems.ts";
import type { RuntimeLink } from "./runtime-link.ts";

/** What a worker does when it is asked. */
export type WorkerHandlers = {
  [M in WorkerMethod]: (
    params: WorkerParams<M>,
    signal: AbortSignal,
  ) => Promise<WorkerResult<M>> | WorkerResult<M>;
};

export interface RuntimeConnection {
  runtime: RuntimeLink;
  /** Begins to answer; `ended` is called once when the runtime is gone. */
  serve: (handlers: WorkerHandlers, ended: () => void) => void;
}

/** The worker's end of the protocol: JSON-RPC with LSP framing over two streams. */
export const connectRuntime = (
  input: Readable,
  output: Writable,
  lifetime: AbortSignal,
): RuntimeConnection => {
  const connection = createMessageConnection(new FrameReader(input), new FrameWriter(output), NullLogger);
  return {
    runtime: runtimeOver(connection),
    serve: (handlers, ended) => {
      for (const method of Object.keys(workerMethods) as WorkerMethod[]) {
        answer(connection, method, handlers[method], lifetime);
      }
      connection.onClose(ended);
      connection.onError(ended);
      connection.listen();
    },
  };
};

const answer = <M extends WorkerMethod>(
  connection: MessageConnection,
  method: M,
  handler: WorkerHandlers[M],
  lifetime: AbortSignal,
): void => {
  // The table pairs each method with its params; indexing it by a type parameter loses that.
  const schema = workerMethods[method].params as unknown as z.ZodType<WorkerParams<M>>;
  connection.onRequest(method, async (raw: unknown, token: CancellationToken) => {
    const cancelled = new AbortController();
    const subscription = token.onCancellationRequested(() => {
      cancelled.abort();
    });
    try {
      const parsed = schema.safeParse(raw);
      if (!parsed.success)
        throw fail("invalid_params", { what: method, problems: describeProblems(parsed.error, 8) });
      return await handler(parsed.data, AbortSignal.any([cancelled.signal, lifetime]));
    } catch (error) {
      throw toResponseError(error, (cause) =>
        fail("instance_failed", { method, reason: defect(cause) }, { cause }),
      );
    } finally {
      subscription.dispose();
    }
  });
};

/** A defect or a refusal of the file system: the log gets it whole, the answer no machine path. */
const defect = (error: unknown): string => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  if (!(error instanceof Error)) return "an unknown error";
  return "code" in error && typeof error.code === "string" ? error.code : error.name;
};

const runtimeOver = (connection: MessageConnection): RuntimeLink => {
  const ask = async <M extends RuntimeMethod>(
    method: M,
    params: RuntimeParams<M>,
    signal: AbortSignal,
  ): Promise<RuntimeResult<M>> => {
    const source = new CancellationTokenSource();
    const cancel = (): void => {
      source.cancel();
    };
    signal.addEventListener("abort", cancel, { once: true });
    try {
      const raw: unknown = await untilAborted(
        connection.sendRequest(method, params, source.token),
        signal,
        () => fail("cancelled", { what: "the execution" }),
      );
      return (runtimeMethods[method].result as unknown as z.ZodType<RuntimeResult<M>>).parse(raw);
    } catch (error) {
      throw fromResponseError(error, method, (reason) => fail("runtime_gone_for_worker", { method, reason }));
    } finally {
      signal.removeEventListener("abort", cancel);
      source.dispose();
    }
  };
  const tell = (method: string, params: unknown): void => {
    void connection.sendNotification(method, params).catch(() => undefined); // The runtime is gone.
  };
  return {
    generate: (params, signal) => ask("model/generate", params, signal),
    toolFinished: async (params, signal) => {
      await ask("tool/finished", params, signal);
    },
    beforeTool: (params, signal) => ask("tool/before", params, signal),
    permitCommand: (params, signal) => ask("command/permit", params, signal),
    callTool: (params, signal) => ask("tool/call", params, signal),
    reportFindings: (params, signal) => ask("findings/report", params, signal),
    toolStarted: (params) => {
      tell("tool/started", params);
    },
    log: (entry) => {
      tell("worker/log", entry);
    },
  };
};
