import type { Connection } from "vscode-languageserver";
import { z } from "zod";
import { keepingSecrets, PageOpened, SecretText } from "../../../schemas/kept-secrets.ts";
import type { OpenPage } from "../../tools/oauth/logins.ts";
import type { SecretTexts } from "../../tools/secrets.ts";
import { askEditorOver } from "./ask-editor.ts";

/** How long the editor's secret storage may take. */
const STORAGE_MILLISECONDS = 10_000;

const inTime = (): AbortSignal => AbortSignal.timeout(STORAGE_MILLISECONDS);

/**
 * Logins in the secret storage of the editor at the other end of a connection. `stored`: those that the command
 * line has stored, which are read as well; a change goes to the editor alone.
 */
export const editorSecretsOver = (connection: Connection, stored: SecretTexts): SecretTexts => {
  const ask = askEditorOver(connection);
  return {
    text: async (name) => {
      const { text } = await ask([keepingSecrets.read, { name }], SecretText, inTime());
      return text ?? stored.text(name);
    },
    setText: async (name, text) => {
      await ask([keepingSecrets.store, { name, text }], z.unknown(), inTime());
    },
  };
};

/** Pages that the editor opens, once its user wants that. */
export const editorPagesOver = (connection: Connection): OpenPage => {
  const ask = askEditorOver(connection);
  return async (server, page, signal) =>
    (await ask([keepingSecrets.openPage, { server, url: page.href }], PageOpened, signal)).opened;
};
