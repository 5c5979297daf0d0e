import type { Hover, Position } from "vscode-languageserver/node";
import { MarkupKind } from "vscode-languageserver/node";
import { describeFinding, rangeOf } from "./diagnostics.ts";
import type { FolderSession } from "./folder-session.ts";

const covers = (range: { start: Position; end: Position }, { line, character }: Position): boolean =>
  (line > range.start.line || (line === range.start.line && character >= range.start.character)) &&
  (line < range.end.line || (line === range.end.line && character <= range.end.character));

/** The findings under the cursor, in full. */
export const hover = (
  { findings }: FolderSession,
  path: string,
  text: string,
  position: Position,
  minConfidence: number,
): Hover | null => {
  const lines = text.split(/\r?\n/);
  const under = findings.of(path).filter((placed) => {
    const range = rangeOf(placed, lines);
    return placed.finding.confidence >= minConfidence && range !== null && covers(range, position);
  });
  if (under.length === 0) return null;
  const value = under.map(({ finding }) => describeFinding(finding)).join("\n\n---\n\n");
  return { contents: { kind: MarkupKind.Markdown, value } };
};
