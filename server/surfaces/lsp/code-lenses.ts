import type { CodeLens } from "vscode-languageserver/node";
import type { TextDocument } from "vscode-languageserver-textdocument";
import type { EditorCommand } from "../../../schemas/editor.ts";
import type { Localizer } from "../../../schemas/localizer.ts";
import { findSymbols, type Symbol } from "./symbols.ts";

const commandOf = (
  uri: string,
  { kind, name }: Symbol,
  l10n: Localizer,
): { title: string; command: EditorCommand; argument: unknown } =>
  kind === "test"
    ? { title: l10n.t("Fix with bug-fix team"), command: "coditect.fixTest", argument: { uri, test: name } }
    : { title: l10n.t("Run TDD team"), command: "coditect.runTddOnSymbol", argument: { uri, symbol: name } };

/** A code lens over each function and test, with the available commands. */
export const codeLenses = (
  document: TextDocument,
  commands: ReadonlySet<EditorCommand>,
  l10n: Localizer,
): CodeLens[] =>
  findSymbols(document.languageId, document.getText()).flatMap((symbol): CodeLens[] => {
    const { title, command, argument } = commandOf(document.uri, symbol, l10n);
    if (!commands.has(command)) return [];
    const at = { line: symbol.line, character: 0 };
    return [{ range: { start: at, end: at }, command: { title, command, arguments: [argument] } }];
  });
