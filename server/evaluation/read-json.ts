import type { z } from "zod";
import { fail } from "../../schemas/errors.ts";
import { describeProblems } from "../../schemas/problems.ts";

/** The content of a file of a suite. Error: `invalid_file`, with `path` as the user knows the file. */
export const readJson = <Content>(path: string, text: string, schema: z.ZodType<Content>): Content => {
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch (error) {
    const problems = error instanceof Error ? error.message : String(error);
    throw fail("invalid_file", { path, problems }, { cause: error });
  }
  const parsed = schema.safeParse(given);
  if (!parsed.success) throw fail("invalid_file", { path, problems: describeProblems(parsed.error) });
  return parsed.data;
};
