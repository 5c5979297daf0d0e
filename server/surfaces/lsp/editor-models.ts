import { randomUUID } from "node:crypto";
import type { Connection } from "vscode-languageserver";
import { ProgressType } from "vscode-languageserver/node";
import { lending, lentName, LentModels, LentPart, LentResult } from "../../../schemas/lent-models.ts";
import type { LentModel } from "../../../schemas/lent-models.ts";
import type { EditorModels } from "../../gateway/editor-models.ts";
import { askEditorOver } from "./ask-editor.ts";

const parts = new ProgressType<unknown>();

const LIST_MS = 5000;

/** The language models that the editor at the other end of a connection lends. */
export const editorModelsOver = (connection: Connection): EditorModels => {
  let listed: readonly LentModel[] = [];

  const ask = askEditorOver(connection);

  const list = async (signal: AbortSignal): Promise<readonly LentModel[]> => {
    ({ models: listed } = await ask([lending.list, {}], LentModels, signal));
    return listed;
  };

  connection.onNotification(lending.changed, () => {
    // A model that does not answer is reported when it is used.
    list(AbortSignal.timeout(LIST_MS)).catch(() => undefined);
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
