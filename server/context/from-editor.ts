import { z } from "zod";
import {
  type EditorContext,
  type EditorProblem,
  moreImportantFor,
  type SymbolPlace,
} from "../../schemas/editor-context.ts";
import type { ContextItem } from "../../schemas/execution.ts";
import type { Task } from "../../schemas/run.ts";
import { classifyPath } from "../workspace/classify.ts";
import { estimateTokens } from "../gateway/tokens.ts";
import type { Relations } from "./relations.ts";
import type { WorkspaceIndex } from "./workspace-index.ts";

/** The share of the context's budget that the editor's problems may take. */
const PROBLEM_SHARE = 0.1;

/** The maximum number of symbols that a reason names. */
const MOST_NAMED = 3;

/** Name of the context item with the editor's problems. */
export const PROBLEMS_ITEM = "problems that the editor shows";

/** Related files that the editor's language servers add to those found in the text. */
export interface EditorRelations {
  relations: Relations;
  /** Why a file is there, by path. */
  reasons: Map<string, string>;
}

/**
 * Adds the files in which the editor's language servers found symbols, before the files that the text alone
 * shows. Ignores files that agents may not see.
 */
export const withEditorFiles = (
  path: string,
  relations: Relations,
  editor: Pick<EditorContext, "definitions" | "references">,
  index: WorkspaceIndex,
): EditorRelations => {
  const seen = ({ path: other }: SymbolPlace): boolean => other !== path && index.paths.has(other);
  const definitions = editor.definitions.filter(seen);
  const references = editor.references.filter(seen);
  const isTest = ({ path: other }: SymbolPlace): boolean => classifyPath(other, index.layout) === "test";
  const add = (places: readonly SymbolPlace[], paths: readonly string[]): string[] => [
    ...new Set([...places.map((place) => place.path), ...paths]),
  ];
  return {
    relations: {
      ownTests: relations.ownTests,
      tests: add(references.filter(isTest), relations.tests),
      imports: add(definitions, relations.imports),
      importers: add(
        references.filter((place) => !isTest(place)),
        relations.importers,
      ),
    },
    reasons: new Map(
      [
        ...references.map((place): [string, string] => [place.path, `it uses ${named(place)} of ${path}`]),
        ...definitions.map((place): [string, string] => [
          place.path,
          `it defines ${named(place)}, which ${path} uses`,
        ]),
      ].map(([other, reason]) => [other, `${reason} (language server of the editor)`]),
    ),
  };
};

const named = ({ symbols }: SymbolPlace): string => {
  const more = symbols.length - MOST_NAMED;
  return `${symbols.slice(0, MOST_NAMED).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
};

/** A task about one problem, from its Quick Fix. */
const AboutProblem = z.looseObject({
  diagnostic: z.looseObject({ message: z.string(), start_line: z.int() }),
});

/** The editor's context without the problem that the task already describes. */
export const withoutReported = (
  editor: EditorContext | undefined,
  { file, data }: Pick<Task, "file" | "data">,
): EditorContext => {
  if (editor === undefined) return { definitions: [], references: [], problems: [] };
  const reported = AboutProblem.safeParse(data).data?.diagnostic;
  const isReported = ({ path, message, start_line }: EditorProblem): boolean =>
    path === file && reported?.message.startsWith(message) === true && reported.start_line === start_line;
  return { ...editor, problems: editor.problems.filter((problem) => !isReported(problem)) };
};

const lineOf = ({ path, start_line, severity, message, source, code }: EditorProblem): string => {
  const origin = [source, code].filter((part) => part !== null).join(" ");
  return `${path}:${start_line} ${severity}${origin === "" ? "" : ` (${origin})`}: ${message.replace(/\s+/g, " ")}`;
};

/**
 * The problems that the editor shows, those of the file first, then by severity. `null` if there are none.
 * Leaves out problems of files that agents may not see, and of files for which `isOutdated` holds.
 */
export const problemsItem = (
  path: string | null,
  problems: readonly EditorProblem[],
  index: WorkspaceIndex,
  budgetTokens: number,
  isOutdated: (path: string) => boolean,
): ContextItem | null => {
  const shown = problems
    .filter((problem) => index.paths.has(problem.path) && !isOutdated(problem.path))
    .sort(moreImportantFor(path));
  const lines: string[] = [];
  let left = budgetTokens * PROBLEM_SHARE;
  for (const line of new Set(shown.map(lineOf))) {
    left -= estimateTokens(`${line}\n`);
    if (left < 0) {
      lines.push("[the other problems are left out: they do not fit the budget]");
      break;
    }
    lines.push(line);
  }
  if (lines.length === 0) return null;
  const content = lines.join("\n");
  return { context_type: "DataFile", name: PROBLEMS_ITEM, content, mime_type: "text/plain" };
};
