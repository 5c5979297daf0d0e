import type { Hover, Position } from "vscode-languageserver/node";
import { MarkupKind } from "vscode-languageserver/node";
import type { Localizer } from "../../../schemas/localizer.ts";
import type { Settings } from "../../../schemas/settings.ts";
import { describeFinding, isShown, rangeOf } from "./diagnostics.ts";
import type { FolderSession } from "./folder-session.ts";

const covers = (range: { start: Position; end: Position }, { line, character }: Position): boolean =>
  (line > range.start.line || (line === range.start.line && character >= range.start.character)) &&
  (line < range.end.line || (line === range.end.line && character <= range.end.character));

/** The whole findings under the cursor. */
export const hover = (
  { findings }: FolderSession,
  path: string,
  text: string,
  position: Position,
  shown: Pick<Settings, "min_confidence" | "hide_unproven">,
  l10n: Localizer,
): Hover | null => {
  const lines = text.split(/\r?\n/);
  const under = findings.of(path).filter((placed) => {
    const range = rangeOf(placed, lines);
    return isShown(placed.finding, shown) && range !== null && covers(range, position);
  });
  if (under.length === 0) return null;
  const value = under.map(({ finding }) => describeFinding(finding, l10n)).join("\n\n---\n\n");
  return { contents: { kind: MarkupKind.Markdown, value } };
};
