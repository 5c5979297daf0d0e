import { z } from "zod";

/**
 * Which files of a workspace its own test runners collect, as far as their configuration says so. It
 * adds to what names alone tell; see `classifyPath`.
 */
export const TestLayout = z.strictObject({
  /** Regular expressions over workspace paths in lower case: files that a runner collects. */
  collected: z.array(z.string()),
  /** The same patterns as people write them. */
  written: z.array(z.string()),
  /** Folders that hold nothing but tests and what belongs to them, in lower case. */
  folders: z.array(z.string()),
  /** Files that are named like tests and that no runner collects, or that hold no test, in lower case. */
  sources: z.array(z.string()),
});
export type TestLayout = z.infer<typeof TestLayout>;

/** A workspace whose configuration is not known: names alone tell its tests. */
export const byNames: TestLayout = { collected: [], written: [], folders: [], sources: [] };
