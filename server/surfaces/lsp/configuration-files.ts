import { evaluate, parse, type ValueNode } from "@humanwhocodes/momoa";
import { type Diagnostic, DiagnosticSeverity, type Range } from "vscode-languageserver/node";
import { type FileProblem, nodeAt, problemsOfAgent, problemsOfTeam } from "../../teams/definition/files.ts";

/** Marks only the start of an object or list, because a file that is red everywhere does not help. */
const rangeOf = ({ loc, type }: ValueNode): Range => {
  const start = { line: loc.start.line - 1, character: loc.start.column - 1 };
  const isWide = type === "Object" || type === "Array";
  return {
    start,
    end: isWide
      ? { line: start.line, character: start.character + 1 }
      : { line: loc.end.line - 1, character: loc.end.column - 1 },
  };
};

const kinds: readonly { pattern: RegExp; problems: (value: unknown) => FileProblem[] }[] = [
  { pattern: /^\.coditect\/teams\/[^/]+\.json$/, problems: problemsOfTeam },
  { pattern: /^\.coditect\/agents\/[^/]+\.json$/, problems: problemsOfAgent },
];

/**
 * The problems that keep CODITECT from using an agent or team file, each with its position. `null` for any
 * other file. Omits text that is not JSON, because the editor reports it. Also omits what the published
 * schemas report, if the editor checks files with them. Contract: "Files in the workspace".
 */
export const configurationDiagnostics = (
  path: string,
  text: string,
  editorHasSchemas: boolean,
): Diagnostic[] | null => {
  const kind = kinds.find(({ pattern }) => pattern.test(path));
  if (kind === undefined) return null;
  let root: ValueNode;
  try {
    root = parse(text).body;
  } catch {
    return [];
  }
  const problems = kind.problems(evaluate(root)).filter(({ rule }) => rule !== "schema" || !editorHasSchemas);
  return problems.map(({ path: place, message }) => ({
    range: rangeOf(nodeAt(root, place)),
    severity: DiagnosticSeverity.Error,
    source: "coditect",
    code: "configuration",
    message,
  }));
};
