import type { Connection } from "vscode-languageserver";
import { z } from "zod";
import { CoditectError } from "../../../schemas/errors.ts";
import { keepingSecrets, PageOpened, SecretText } from "../../../schemas/kept-secrets.ts";
import { loggedInTo } from "../../tools/oauth/server-login.ts";
import type { OpenPage } from "../../tools/oauth/logins.ts";
import type { SecretTexts } from "../../tools/secrets.ts";
import { askEditorOver } from "./ask-editor.ts";

/** The deadline for an answer from the editor's secret storage. */
const STORAGE_MILLISECONDS = 10_000;

const inTime = (): AbortSignal => AbortSignal.timeout(STORAGE_MILLISECONDS);

/**
 * Logins in the secret storage of the editor at the other end of the connection. `stored`: logins and other
 * secrets that the command line has stored. They are also read, unless the passphrase is missing. New logins are
 * stored only in the editor. A removal removes both.
 */
export const editorSecretsOver = (connection: Connection, stored: SecretTexts): SecretTexts => {
  const ask = askEditorOver(connection);
  const ofCommandLine = (name: string): Promise<string | null> =>
    stored.text(name).catch((error: unknown) => {
      if (error instanceof CoditectError && error.code === "credentials_closed") return null;
      throw error;
    });
  return {
    text: async (name) => {
      // The editor keeps only logins.
      if (loggedInTo(name) === null) return stored.text(name);
      const { text } = await ask([keepingSecrets.read, { name }], SecretText, inTime());
      return text ?? ofCommandLine(name);
    },
    setText: async (name, text) => {
      await ask([keepingSecrets.store, { name, text }], z.unknown(), inTime());
      // Otherwise, a login of the command line would apply again after the editor's own is removed.
      if (text === null && (await ofCommandLine(name)) !== null) await stored.setText(name, null);
    },
  };
};

/** Opens pages in the editor, if its user agrees. */
export const editorPagesOver = (connection: Connection): OpenPage => {
  const ask = askEditorOver(connection);
  return async (server, page, signal) =>
    (await ask([keepingSecrets.openPage, { server, url: page.href }], PageOpened, signal)).opened;
};
