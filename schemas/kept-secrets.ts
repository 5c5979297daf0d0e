import { z } from "zod";

/**
 * Requests by which the language server keeps logins to MCP servers in the editor's secret storage and asks the
 * user to open a login page. They are not part of the contract. Only an editor with `keeps_secrets` gets them.
 */
export const keepingSecrets = {
  /** Request to the editor: {@link SecretName} to {@link SecretText}. */
  read: "coditect/editor/readSecret",
  /** Request to the editor: {@link SecretToStore} to nothing. */
  store: "coditect/editor/storeSecret",
  /** Request to the editor: {@link PageToOpen} to {@link PageOpened}. The user decides. */
  openPage: "coditect/editor/openPage",
} as const;

/** The name of a login. The pattern keeps a server from asking for other secrets of the editor. */
const name = z.string().startsWith("mcp:");

export const SecretName = z.strictObject({ name });
/** Null if there is none. */
export const SecretText = z.object({ text: z.string().nullable() });
/** Null removes it. */
export const SecretToStore = z.strictObject({ name, text: z.string().nullable() });

export const PageToOpen = z.strictObject({
  /** Its name in `mcp.json`. */
  server: z.string(),
  url: z.url({ protocol: /^https?$/ }),
});
export const PageOpened = z.object({ opened: z.boolean() });
