import type Dockerode from "dockerode";

/** How long an engine may take for an answer that needs no work. */
const ANSWER_MS = 30_000;

/** The engine answers nothing. The code is that of a host that does not answer. */
class NoAnswer extends Error {
  readonly code = "ETIMEDOUT";
}

/**
 * Asks an engine for what is at a path of its API. dockerode's own methods pass no signal for images and for the
 * engine itself, so an engine that hangs would be waited for without end. Errors: those of the engine, `NoAnswer`.
 */
export const askEngine = async (
  client: Dockerode,
  path: string,
  signal: AbortSignal,
  milliseconds = ANSWER_MS,
): Promise<unknown> => {
  const deadline = AbortSignal.timeout(milliseconds);
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  client.modem.dial(
    {
      ...{ path, method: "GET", abortSignal: AbortSignal.any([signal, deadline]) },
      statusCodes: { 200: true, 404: "it is not there", 500: "server error" },
    },
    (error: unknown, answer?: unknown) => {
      if (error === null) resolve(answer);
      else reject(error instanceof Error ? error : new Error("it gave no answer"));
    },
  );
  try {
    return await promise;
  } catch (error) {
    if (deadline.aborted && !signal.aborted) throw new NoAnswer("no answer came in time", { cause: error });
    throw error;
  }
};
