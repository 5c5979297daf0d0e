import { CancellationTokenSource, type CancellationToken, type Connection } from "vscode-languageserver";
import type { z } from "zod";
import { EditorGone } from "../../gateway/editor-models.ts";

/**
 * Sends a request to the editor and reads its answer. Stops when the signal aborts. Errors: {@link
 * EditorGone}.
 */
export type AskEditor = <Schema extends z.ZodType>(
  request: readonly [method: string, params: object],
  schema: Schema,
  signal: AbortSignal,
) => Promise<z.infer<Schema>>;

/** Requests to the editor at the other end of a connection. */
export const askEditorOver =
  (connection: Connection): AskEditor =>
  async ([method, params], schema, signal) => {
    const { token, release } = tokenOf(signal);
    try {
      const answer: unknown = await connection.sendRequest(method, params, token);
      const read = schema.safeParse(answer);
      if (!read.success) throw new EditorGone("VS Code sent an answer that cannot be read");
      return read.data;
    } catch (error) {
      if (error instanceof EditorGone) throw error;
      throw new EditorGone(`VS Code ended the call (${error instanceof Error ? error.message : "unknown"})`);
    } finally {
      release();
    }
  };

/** A token that cancels the request when the signal aborts. Call `release` after the answer. */
const tokenOf = (signal: AbortSignal): { token: CancellationToken; release: () => void } => {
  const source = new CancellationTokenSource();
  const cancel = (): void => {
    source.cancel();
  };
  if (signal.aborted) cancel();
  signal.addEventListener("abort", cancel, { once: true });
  return {
    token: source.token,
    release: () => {
      signal.removeEventListener("abort", cancel);
      source.dispose();
    },
  };
};
