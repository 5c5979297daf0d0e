import { randomUUID } from "node:crypto";
import { CancellationTokenSource, type CancellationToken, type Connection } from "vscode-languageserver";
import { ProgressType } from "vscode-languageserver/node";
import type { z } from "zod";
import { lending, lentName, LentModels, LentPart, LentResult } from "../../../schemas/lent-models.ts";
import type { LentModel } from "../../../schemas/lent-models.ts";
import { EditorGone, type EditorModels } from "../../gateway/editor-models.ts";

const parts = new ProgressType<unknown>();

/** The language models that the editor at the other end of a connection lends. */
export const editorModelsOver = (connection: Connection): EditorModels => {
  let listed: readonly LentModel[] = [];

  /** Asks the editor until the signal aborts, and reads its answer. */
  const ask = async <Schema extends z.ZodType>(
    [method, params]: readonly [string, object],
    schema: Schema,
    signal: AbortSignal,
  ): Promise<z.infer<Schema>> => {
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

  const list = async (signal: AbortSignal): Promise<readonly LentModel[]> => {
    ({ models: listed } = await ask([lending.list, {}], LentModels, signal));
    return listed;
  };

  connection.onNotification(lending.changed, () => {
    // One that does not answer says so when it is asked for an answer.
    list(new AbortController().signal).catch(() => undefined);
  });

  return {
    known: (model) => listed.find((each) => lentName(each) === model) ?? null,
    list,
    generate: async (request, { signal, part }) => {
      const partialResultToken = randomUUID();
      const following = connection.onProgress(parts, partialResultToken, (sent) => {
        const read = LentPart.safeParse(sent);
        if (read.success) part(read.data);
      });
      try {
        return await ask([lending.generate, { ...request, partialResultToken }], LentResult, signal);
      } finally {
        following.dispose();
      }
    },
  };
};

/** A token that cancels the request when the signal aborts; `release` it when answered. */
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
