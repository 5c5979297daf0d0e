import { randomUUID } from "node:crypto";
import {
  CancellationTokenSource,
  ConnectionError,
  createMessageConnection,
  ErrorCodes,
  ResponseError,
} from "vscode-jsonrpc/node";
import type { CancellationToken, MessageConnection } from "vscode-jsonrpc/node";
import type { Readable, Writable } from "node:stream";
import type { z } from "zod";
import { fail } from "../../schemas/errors.ts";
import {
  runtimeMethods,
  runtimeNotifications,
  WORKER_MESSAGE_BYTES,
  workerMethods,
} from "../../schemas/worker.ts";
import type { RuntimeMethod, WorkerMethod, WorkerParams, WorkerResult } from "../../schemas/worker.ts";
import { describeProblems } from "../../schemas/problems.ts";
import { fromResponseError, toResponseError } from "./errors.ts";
import { FrameReader, FrameWriter } from "./frames.ts";
import type { WorkerNotifications, WorkerRequests } from "./requests.ts";

/** Messages read but not yet handled, above which a worker is held to flood the runtime. */
const MOST_UNHANDLED = 20_000;

export interface ConnectionHandlers {
  /** What a claim answers; null while the instance is not claimed. */
  requests(): WorkerRequests | null;
  notifications(): WorkerNotifications | null;
  /** Whether this instance works on that execution now; other ids are refused. */
  worksOn(executionId: string): boolean;
  log(entry: z.infer<(typeof runtimeNotifications)["worker/log"]>): void;
  /** The stream broke its protocol; nothing more will be read from it. */
  broken(reason: string): void;
}

/** The runtime's side of the protocol with one worker. `schemas/worker.ts` is what it speaks. */
export interface WorkerConnection {
  /**
   * Rejects with `cancelled` at once when the signal aborts, and tells the worker. `settled` resolves
   * when the worker has answered nevertheless. Where the worker cannot be reached any more the result
   * stays open: that it has ended, and how, is its driver's to say.
   */
  call<M extends WorkerMethod>(method: M, params: WorkerParams<M>, signal: AbortSignal): PendingCall<M>;
  /** False once the worker's output has ended: its own end will follow. */
  isOpen(): boolean;
  dispose(): void;
}
interface PendingCall<M extends WorkerMethod> {
  result: Promise<WorkerResult<M>>;
  settled: Promise<void>;
}

/** Whether the message did not reach the worker, or its answer cannot come: it is about to end. */
const isLost = (error: unknown): boolean =>
  error instanceof ConnectionError ||
  (error instanceof ResponseError &&
    (error.code === ErrorCodes.MessageWriteError || error.code === ErrorCodes.PendingResponseRejected));

const parse = <Schema extends z.ZodType>(schema: Schema, what: string, value: unknown): z.output<Schema> => {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw fail("invalid_params", { what, problems: describeProblems(parsed.error) });
};

/** An AbortSignal for a JSON-RPC cancellation token. */
const toSignal = (token: CancellationToken): AbortSignal => {
  const controller = new AbortController();
  if (token.isCancellationRequested) controller.abort();
  token.onCancellationRequested(() => {
    controller.abort();
  });
  return controller.signal;
};

const answerRequests = (connection: MessageConnection, handlers: ConnectionHandlers): void => {
  const answer = (method: RuntimeMethod): void => {
    connection.onRequest(method, async (raw: unknown, token: CancellationToken) => {
      try {
        const params = parse(runtimeMethods[method].params, method, raw);
        if (!handlers.worksOn(params.execution_id)) {
          throw fail("not_found", { kind: "execution of this instance", id: params.execution_id });
        }
        const requests = handlers.requests();
        if (requests === null) throw fail("cancelled", { what: method });
        // The compiler cannot follow that the schema and the handler are indexed by the same name.
        const handle = requests[method] as (params: unknown, signal: AbortSignal) => Promise<unknown>;
        return await handle(params, toSignal(token));
      } catch (error) {
        throw toResponseError(error, (cause) => fail("internal", { reference: randomUUID() }, { cause }));
      }
    });
  };
  for (const method of Object.keys(runtimeMethods) as RuntimeMethod[]) answer(method);
};

const takeNotifications = (connection: MessageConnection, handlers: ConnectionHandlers): void => {
  connection.onNotification("tool/started", (raw: unknown) => {
    const started = runtimeNotifications["tool/started"].safeParse(raw);
    if (started.success && handlers.worksOn(started.data.execution_id)) {
      handlers.notifications()?.toolStarted(started.data);
    }
  });
  connection.onNotification("worker/log", (raw: unknown) => {
    const entry = runtimeNotifications["worker/log"].safeParse(raw);
    if (entry.success) handlers.log(entry.data);
  });
};

/** Speaks the worker protocol over the standard streams of a worker. */
export const connectWorker = (
  input: Writable,
  output: Readable,
  handlers: ConnectionHandlers,
): WorkerConnection => {
  const reader = new FrameReader(output, WORKER_MESSAGE_BYTES);
  let handled = 0;
  const breakOff = (reason: string): void => {
    reader.stop();
    handlers.broken(reason);
  };
  reader.onError((error) => {
    breakOff(error.message);
  });
  output.on("data", () => {
    if (!reader.stopped && reader.messages - handled > MOST_UNHANDLED)
      breakOff("it sent messages faster than they can be read");
  });
  const connection = createMessageConnection(reader, new FrameWriter(input), undefined, {
    messageStrategy: {
      handleMessage: (message, next) => {
        handled += 1;
        return next(message);
      },
    },
  });
  let isClosed = false;
  connection.onClose(() => {
    isClosed = true;
  });
  answerRequests(connection, handlers);
  takeNotifications(connection, handlers);
  connection.listen();

  const send = async <M extends WorkerMethod>(
    method: M,
    params: WorkerParams<M>,
    token: CancellationToken,
  ): Promise<WorkerResult<M>> => {
    const raw: unknown = await connection.sendRequest(method, params, token);
    // The table pairs each method's result schema with M; the compiler sees only their union.
    return parse(workerMethods[method].result, `the answer to ${method}`, raw) as WorkerResult<M>;
  };

  const call = <M extends WorkerMethod>(
    method: M,
    params: WorkerParams<M>,
    signal: AbortSignal,
  ): PendingCall<M> => {
    const source = new CancellationTokenSource();
    const { promise, resolve, reject } = Promise.withResolvers<WorkerResult<M>>();
    const onAbort = (): void => {
      if (!isClosed) source.cancel();
      reject(fail("cancelled", { what: method }));
    };
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
    const leave = (): void => {
      signal.removeEventListener("abort", onAbort);
    };
    const onError = (error: unknown): void => {
      if (isLost(error)) return;
      leave();
      reject(
        fromResponseError(error, method, (reason) =>
          fail("instance_failed", { method, reason }, { cause: error }),
        ),
      );
    };
    const settled = signal.aborted
      ? Promise.resolve()
      : send(method, params, source.token)
          .then((result) => {
            leave();
            resolve(result);
          })
          .catch(onError)
          .finally(() => {
            source.dispose();
          });
    return { result: promise, settled };
  };

  return {
    call,
    isOpen: () => !isClosed,
    dispose: () => {
      reader.stop();
      connection.dispose();
    },
  };
};
