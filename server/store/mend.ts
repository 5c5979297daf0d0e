import type { z } from "zod";

/** A value that passes its schema again, and a description of each change. */
export interface Mended {
  value: unknown;
  /** Such as `usage.input was 12.5, now 13`. */
  changes: string[];
}

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

/** A field that was repaired may show another problem of its own, or one inside. */
const ROUNDS = 8;

/**
 * Replaces every invalid field of a value by the nearest valid one: a count is rounded and not negative, a
 * missing text is empty, an unknown field is left out. Null if that would invent something, such as an ID or
 * a status. `parts` names a list whose entries are independent of each other, so that an entry which cannot be
 * repaired is left out.
 */
export const mend = (schema: z.ZodType, damaged: unknown, parts: string | null = null): Mended | null => {
  const value: unknown = structuredClone(damaged);
  const changes: string[] = [];
  const emptied = new Set<string>();
  for (let round = 0; round < ROUNDS; round += 1) {
    const parsed = schema.safeParse(value);
    if (parsed.success) return { value, changes };
    const before = changes.length;
    const problems = parsed.error.issues.flatMap((each) => leaves(each, []));
    for (const { issue, path } of problems) {
      const change = mendField(value, path, issue, emptied);
      if (change !== null) changes.push(change);
    }
    if (changes.length === before) changes.push(...leaveOutParts(value, parts, problems));
    if (changes.length === before) return null;
  }
  return null;
};

/** Removes the entries with problems from this list; returns a description of each. */
const leaveOutParts = (root: unknown, name: string | null, problems: readonly Leaf[]): string[] => {
  const list = name === null ? undefined : fieldOf(root, [name]);
  if (!Array.isArray(list)) return [];
  const indexes = problems.flatMap(({ path: [field, index] }) =>
    field === name && typeof index === "number" ? [index] : [],
  );
  return [...new Set(indexes)]
    .sort((one, other) => other - one)
    .flatMap((index) =>
      list.splice(index, 1).map((part) => `${name}.${index} was left out: ${shown(part, 160)}`),
    );
};

interface Leaf {
  issue: Issue;
  path: Path;
}

/** The single problems of an issue. For a union, these are the problems of the closest form. */
const leaves = (issue: Issue, above: Path): Leaf[] => {
  const path = [...above, ...issue.path];
  if (issue.code !== "invalid_union" || issue.errors.length === 0) return [{ issue, path }];
  const forms = issue.errors.map((form) => form.flatMap((inner) => leaves(inner, path)));
  return forms.sort((one, other) => other.length - one.length).at(-1) ?? [];
};

const mendField = (root: unknown, path: Path, issue: Issue, emptied: Set<string>): string | null => {
  if (issue.code === "unrecognized_keys") {
    const holder = fieldOf(root, path);
    if (!isHolder(holder)) return null;
    for (const key of issue.keys) Reflect.deleteProperty(holder, key);
    return `${[...path, issue.keys.join(", ")].join(".")} was left out`;
  }
  const name = path.at(-1);
  const holder = fieldOf(root, path.slice(0, -1));
  if (name === undefined || !isHolder(holder)) return null;
  if (issue.code === "invalid_key") {
    Reflect.deleteProperty(holder, name);
    return `${path.join(".")} was left out`;
  }
  const was: unknown = Reflect.get(holder, name);
  const now = nearest(was, issue, emptied, path.join("."));
  if (now === undefined) return null;
  Reflect.set(holder, name, now);
  return `${path.join(".")} was ${shown(was)}, now ${shown(now)}`;
};

/** The nearest value without this problem; undefined if none has the same meaning. */
const nearest = (was: unknown, issue: Issue, emptied: Set<string>, place: string): unknown => {
  if (issue.code === "too_small" && typeof was === "number") return Number(issue.minimum);
  if (issue.code === "too_big" && typeof was === "number") return Number(issue.maximum);
  if (issue.code === "invalid_type") {
    if (issue.expected === "number" || issue.expected === "int") return nearestNumber(was);
    if (issue.expected === "string" && typeof was === "number") return String(was);
  }
  // A field that may be empty is emptied. Any other field gets the emptiest value of its type.
  if (emptied.has(place)) return issue.code === "invalid_type" ? emptiest(issue.expected) : undefined;
  emptied.add(place);
  return was === null && issue.code === "invalid_type" ? emptiest(issue.expected) : null;
};

const nearestNumber = (was: unknown): number => {
  const number = typeof was === "string" && was.trim() !== "" ? Number(was) : was;
  return typeof number === "number" && Number.isFinite(number) ? Math.round(number) : 0;
};

const emptiest = (expected: string): unknown => {
  if (expected === "string") return "";
  if (expected === "array") return [];
  if (expected === "record" || expected === "object") return {};
  if (expected === "boolean") return false;
  return undefined;
};

const isHolder = (value: unknown): value is object => typeof value === "object" && value !== null;

const fieldOf = (root: unknown, path: Path): unknown =>
  path.reduce<unknown>((value, key) => (isHolder(value) ? Reflect.get(value, key) : undefined), root);

const shown = (value: unknown, length = 40): string =>
  value === undefined ? "missing" : JSON.stringify(value).slice(0, length);
