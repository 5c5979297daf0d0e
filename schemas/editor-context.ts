import { z } from "zod";
import { Count, WorkspacePath } from "./primitives.ts";

/** The largest numbers of files, of symbols per file, and of problems that an editor can pass. */
export const MOST_PLACES = 100;
export const MOST_SYMBOLS = 10;
export const MOST_PROBLEMS = 100;
export const LONGEST_SYMBOL = 200;
export const LONGEST_PROBLEM = 1000;

const symbol = z.string().min(1).max(LONGEST_SYMBOL);

/** A file in which an editor's language server found symbols. */
export const SymbolPlace = z.strictObject({
  path: WorkspacePath,
  symbols: z.array(symbol).min(1).max(MOST_SYMBOLS),
});
export type SymbolPlace = z.infer<typeof SymbolPlace>;

/** The worst first. */
export const severities = ["error", "warning", "information", "hint"] as const;

/** A problem that the editor shows in a file, from any of its language servers. */
export const EditorProblem = z.strictObject({
  path: WorkspacePath,
  severity: z.enum(severities),
  message: z.string().max(LONGEST_PROBLEM),
  source: z.string().max(LONGEST_SYMBOL).nullable(),
  code: z.string().max(LONGEST_SYMBOL).nullable(),
  /** Counts from 1. */
  start_line: Count.min(1),
});
export type EditorProblem = z.infer<typeof EditorProblem>;

/** Sorts the problems of the file first, then by severity. */
export const moreImportantFor =
  (file: string | null) =>
  (one: Pick<EditorProblem, "path" | "severity">, two: Pick<EditorProblem, "path" | "severity">): number =>
    Number(two.path === file) - Number(one.path === file) ||
    severities.indexOf(one.severity) - severities.indexOf(two.severity);

/**
 * What the language servers of an editor know about the file of a task. The runtime reads the files itself, and
 * gives agents only those that they may see.
 */
export const EditorContext = z.strictObject({
  /** Files that define symbols which the file uses. */
  definitions: z.array(SymbolPlace).max(MOST_PLACES).default([]),
  /** Files that use symbols which the file defines. */
  references: z.array(SymbolPlace).max(MOST_PLACES).default([]),
  problems: z.array(EditorProblem).max(MOST_PROBLEMS).default([]),
});
export type EditorContext = z.infer<typeof EditorContext>;
