import type { z } from "zod";

type Issue = z.core.$ZodIssue;

const place = (path: readonly PropertyKey[]): string =>
  path.reduce<string>(
    (text, part) =>
      typeof part === "number" ? `${text}[${part}]` : text === "" ? String(part) : `${text}.${String(part)}`,
    "",
  );

const depth = (issues: readonly Issue[]): number =>
  Math.max(...issues.map((issue) => issue.path.length + (issue.code === "unrecognized_keys" ? 0 : 1)));

/** The issues of the branch of a union that came closest: the one that failed deepest inside. */
const closest = (branches: readonly (readonly Issue[])[]): readonly Issue[] =>
  branches.reduce<readonly Issue[]>(
    (best, branch) => (best.length === 0 || depth(branch) > depth(best) ? branch : best),
    [],
  );

const flatten = (issues: readonly Issue[], at: readonly PropertyKey[]): { at: string; says: string }[] =>
  issues.flatMap((issue) => {
    const path = [...at, ...issue.path];
    if (issue.code === "invalid_union" && issue.errors.length > 0)
      return flatten(closest(issue.errors), path);
    if (issue.code === "unrecognized_keys")
      return issue.keys.map((key) => ({ at: place([...path, key]), says: "is not a known field" }));
    if (issue.code === "invalid_type" && issue.input === undefined)
      return [{ at: place(path), says: `is missing (${issue.expected})` }];
    return [{ at: place(path), says: issue.message }];
  });

/**
 * What a schema found wrong, in words, each with its place: `settings.temperature: Too big: expected
 * number to be <=1; name: is missing (string)`. Says nothing of the values themselves.
 */
export const describeProblems = (error: z.ZodError): string =>
  flatten(error.issues, [])
    .map(({ at, says }) => (at === "" ? says : `${at}: ${says}`))
    .join("; ");
