import { runLanguageServer } from "../../lsp/process.ts";

/** `coditect lsp --stdio`: this process becomes the language server, and ends with its client. */
export const serveLsp = (): Promise<number> => {
  runLanguageServer(["--stdio"]);
  return new Promise(() => undefined);
};
