import { evaluate, parse, type ValueNode } from "@humanwhocodes/momoa";
import { type Diagnostic, DiagnosticSeverity, type Range } from "vscode-languageserver/node";
import type { z } from "zod";
import { describeProblem, problemsOf } from "../../../schemas/problems.ts";
import { AgentFile, TeamFile } from "../../../schemas/team.ts";
import { workflowProblems } from "../../teams/definition/validate.ts";

interface Problem {
  path: readonly PropertyKey[];
  message: string;
}

/** The value that stands at a path, or the innermost one around where it should stand. */
const nodeAt = (root: ValueNode, path: readonly PropertyKey[]): ValueNode => {
  let node = root;
  for (const part of path) {
    const inner =
      node.type === "Object"
        ? node.members.find(({ name }) => (name.type === "String" ? name.value : name.name) === part)?.value
        : node.type === "Array" && typeof part === "number"
          ? node.elements[part]?.value
          : undefined;
    if (inner === undefined) return node;
    node = inner;
  }
  return node;
};

/** Of a whole object or list its beginning alone: a file that is red all over says nothing. */
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

const structural = (error: z.ZodError): Problem[] =>
  problemsOf(error).map((problem) => ({ path: problem.path, message: describeProblem(problem) }));

const problemsOfTeam = (value: unknown): Problem[] => {
  const parsed = TeamFile.safeParse(value);
  if (!parsed.success) return structural(parsed.error);
  const members = parsed.data.members.map((member) => ({ ...member, agent_id: null }));
  return workflowProblems({ ...parsed.data, members });
};

const problemsOfAgent = (value: unknown): Problem[] => {
  const parsed = AgentFile.safeParse(value);
  return parsed.success ? [] : structural(parsed.error);
};

const kinds: readonly { pattern: RegExp; problems: (value: unknown) => Problem[] }[] = [
  { pattern: /^\.coditect\/teams\/[^/]+\.json$/, problems: problemsOfTeam },
  { pattern: /^\.coditect\/agents\/[^/]+\.json$/, problems: problemsOfAgent },
];

/**
 * What keeps an agent or team file from being used, each at its place; `null` for any other file.
 * Text that is no JSON is left to the editor, which says so itself. Contract: "Files in the
 * workspace".
 */
export const configurationDiagnostics = (path: string, text: string): Diagnostic[] | null => {
  const kind = kinds.find(({ pattern }) => pattern.test(path));
  if (kind === undefined) return null;
  let root: ValueNode;
  try {
    root = parse(text).body;
  } catch {
    return [];
  }
  return kind.problems(evaluate(root)).map(({ path: place, message }) => ({
    range: rangeOf(nodeAt(root, place)),
    severity: DiagnosticSeverity.Error,
    source: "coditect",
    code: "configuration",
    message,
  }));
};
