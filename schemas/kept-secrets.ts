import { z } from "zod";

/**
 * How the language server keeps logins to MCP servers in the editor's own secret storage, and has the user open
 * the page of a login. Requests in addition to the contract, which only an editor with `keeps_secrets` gets.
 */
export const keepingSecrets = {
  /** Request to the editor: {@link SecretName} to {@link SecretText}. */
  read: "coditect/editor/readSecret",
  /** Request to the editor: {@link SecretToStore} to nothing. */
  store: "coditect/editor/storeSecret",
  /** Request to the editor: {@link PageToOpen} to {@link PageOpened}. The user decides. */
  openPage: "coditect/editor/openPage",
} as const;

/** Of a login, so that no server can ask for the editor's other secrets. */
const name = z.string().startsWith("mcp:");

export const SecretName = z.strictObject({ name });
/** Null: there is none. */
export const SecretText = z.object({ text: z.string().nullable() });
/** Null removes it. */
export const SecretToStore = z.strictObject({ name, text: z.string().nullable() });

export const PageToOpen = z.strictObject({
  /** As `mcp.json` calls it. */
  server: z.string(),
  url: z.url({ protocol: /^https?$/ }),
});
export const PageOpened = z.object({ opened: z.boolean() });
