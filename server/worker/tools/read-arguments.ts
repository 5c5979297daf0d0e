import type { z } from "zod";

/**
 * The checked arguments of a call. Models send `null` for what they leave out, and some servers send
 * every number, list and object as text: such a text is read as what the schema expects in its place.
 * A text that the schema accepts as a text stays one.
 */
export const readArguments = <T>(schema: z.ZodType<T>, given: unknown): z.ZodSafeParseResult<T> => {
  let value = withoutNulls(given);
  for (;;) {
    const parsed = schema.safeParse(value);
    if (parsed.success) return parsed;
    const meant = parsed.error.issues.reduce(readAsExpected, value);
    if (meant === value) return parsed;
    value = meant;
  }
};

const withoutNulls = (given: unknown): unknown => {
  if (Array.isArray(given)) return given.map(withoutNulls);
  if (typeof given !== "object" || given === null) return given;
  const entries = Object.entries(given).filter(([, value]) => value !== null);
  return Object.fromEntries(entries.map(([name, value]) => [name, withoutNulls(value)]));
};

/** The value in which the text at the place of an issue is read as what is expected there. */
const readAsExpected = (value: unknown, issue: z.core.$ZodIssue): unknown =>
  issue.code === "invalid_type" ? replaceAt(value, issue.path, issue.expected) : value;

const replaceAt = (value: unknown, path: readonly PropertyKey[], expected: string): unknown => {
  const [key, ...rest] = path;
  if (key === undefined) return typeof value === "string" ? readText(value, expected) : value;
  if (typeof value !== "object" || value === null) return value;
  const inner: unknown = Reflect.get(value, key);
  const changed = replaceAt(inner, rest, expected);
  if (changed === inner) return value;
  const copy: object = Array.isArray(value) ? value.slice() : { ...value };
  Reflect.set(copy, key, changed);
  return copy;
};

/** The text as a value of the expected type; else the text itself. */
const readText = (text: string, expected: string): unknown => {
  const trimmed = text.trim();
  if (expected === "boolean" && /^(true|false)$/i.test(trimmed)) return trimmed.toLowerCase() === "true";
  // What the tool can do without is left out in words.
  if (/^(null|none|undefined)$/i.test(trimmed)) return undefined;
  let read: unknown;
  try {
    read = JSON.parse(trimmed);
  } catch {
    return text;
  }
  const isExpected =
    expected === "number" || expected === "int"
      ? typeof read === "number"
      : expected === "array"
        ? Array.isArray(read)
        : expected === "object" && typeof read === "object" && read !== null && !Array.isArray(read);
  return isExpected ? read : text;
};
