import type { z } from "zod";

type Issue = z.core.$ZodIssue;

/** One thing a schema found wrong. */
export interface ValueProblem {
  /** Property names and array indexes from the outside in. */
  path: PropertyKey[];
  /** In words; says nothing of the value itself. */
  says: string;
}

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

const kinds = new Map<string, string>([
  ["number", "a number"],
  ["int", "a whole number"],
  ["string", "a text"],
  ["boolean", "true or false"],
  ["array", "a list"],
  ["object", "an object"],
  ["record", "an object"],
]);

/** What zod's origins count, where they count something. */
const counted = new Map<string, string>([
  ["string", "characters"],
  ["array", "items"],
  ["file", "bytes"],
]);

/** Texts of a known form, by zod's names for them. */
const formats = new Map<string, string>([
  ["date", "must be a date, such as 2026-01-31"],
  ["datetime", "must be a time, such as 2026-01-31T12:00:00Z"],
  ["url", "must be an address, such as https://example.com"],
  ["uuid", "must be an id, such as 6f1c3c1e-8f0a-4d52-9a3e-2b7d5c4e1f00"],
]);

/** What a value must be, in the words of a form; others than these keep zod's. */
const wordsOf = (issue: Issue): string => {
  switch (issue.code) {
    case "invalid_type":
      return `must be ${kinds.get(issue.expected) ?? issue.expected}`;
    case "invalid_value":
      return issue.values.length === 1
        ? `must be ${String(issue.values[0])}`
        : `must be one of ${issue.values.map(String).join(", ")}`;
    case "too_small":
    case "too_big": {
      const isSmall = issue.code === "too_small";
      const bound = String(issue.code === "too_small" ? issue.minimum : issue.maximum);
      const units = counted.get(issue.origin);
      if (units !== undefined && isSmall && bound === "1") return "must not be empty";
      const words = issue.inclusive === false ? ["over", "under"] : ["at least", "at most"];
      const limit = `${words[isSmall ? 0 : 1] ?? ""} ${bound}`;
      return units === undefined ? `must be ${limit}` : `must have ${limit} ${units}`;
    }
    case "invalid_format":
      return formats.get(issue.format) ?? issue.message;
    default:
      return issue.message;
  }
};

const flatten = (issues: readonly Issue[], at: readonly PropertyKey[]): ValueProblem[] =>
  issues.flatMap((issue) => {
    const path = [...at, ...issue.path];
    if (issue.code === "invalid_union" && issue.errors.length > 0)
      return flatten(closest(issue.errors), path);
    if (issue.code === "unrecognized_keys")
      return issue.keys.map((key) => ({ path: [...path, key], says: "is not a known field" }));
    // An issue does not hold the value, but zod's own words tell a missing one.
    if (issue.code === "invalid_type" && issue.message.endsWith("received undefined"))
      return [{ path, says: `is missing (${issue.expected})` }];
    return [{ path, says: wordsOf(issue) }];
  });

/** What a schema found wrong, each with its place. */
export const problemsOf = (error: z.ZodError): ValueProblem[] => flatten(error.issues, []);

/** Says it with its place: `name: is missing (string)`. */
export const describeProblem = ({ path, says }: ValueProblem): string =>
  path.length === 0 ? says : `${place(path)}: ${says}`;

/**
 * The same in one line: `settings.temperature: must be at most 1; name: is missing (string)`.
 */
export const describeProblems = (error: z.ZodError, most = 20): string =>
  joinProblems(problemsOf(error), most);

export const joinProblems = (problems: readonly ValueProblem[], most = 20): string => {
  const more = problems.length > most ? [`and ${problems.length - most} more`] : [];
  return [...problems.slice(0, most).map(describeProblem), ...more].join("; ");
};

/** A text of JSON as the schema reads it, or in words what is wrong with it. */
export const parseJson = <Value>(
  schema: z.ZodType<Value>,
  text: string,
): { value: Value } | { problems: string } => {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { problems: "it is not JSON" };
  }
  const parsed = schema.safeParse(json);
  return parsed.success ? { value: parsed.data } : { problems: describeProblems(parsed.error) };
};
