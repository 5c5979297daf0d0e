import { z } from "zod";
import { hasInvisible } from "./plain-text.ts";

/** Identifier of a stored record: an RFC 9562 UUID in lower case. */
export const Uuid = z.uuid();
export type Uuid = z.infer<typeof Uuid>;

/** RFC 3339, UTC, with milliseconds: `2026-01-31T12:00:00.000Z`. */
export const Timestamp = z.iso.datetime({ precision: 3 });
export type Timestamp = z.infer<typeof Timestamp>;

/** Timers cannot be longer: beyond it they would fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Milliseconds as a timer takes them: a deadline of months becomes one of 24 days. */
export const timerMs = (milliseconds: number): number =>
  Math.min(LONGEST_TIMER_MS, Math.max(0, Math.round(milliseconds)));

/** Longest name of an agent or a team: one line of a list. */
const MOST_NAME_CHARACTERS = 120;

/** What people call an agent or a team: one line, of which everything can be seen. */
export const Name = z
  .string()
  .min(1)
  .max(MOST_NAME_CHARACTERS)
  .refine((name) => !hasInvisible(name) && !/[\n\t]/.test(name), "must have visible characters alone");

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

const isJson = (value: unknown): boolean => {
  if (Array.isArray(value)) return value.every(isJson);
  if (z.core.util.isPlainObject(value)) return Object.values(value).every(isJson);
  return value === null || typeof value === "string" || typeof value === "boolean" || Number.isFinite(value);
};

// Not `z.json()`, which tries six schemas at each value inside: records are checked at every write.
/** Any JSON value (the documents' `Value` and `JsonValue`). */
export const Json: z.ZodType<Json> = z.any().refine(isJson, "must be JSON");

/** A share between 0 and 1 (the documents' `0.0-1.0`). */
export const Ratio = z.number().min(0).max(1);

/** A count: an integer from 0 that JavaScript represents exactly. */
export const Count = z.int().nonnegative();

/** Milliseconds, with fractions. */
export const Milliseconds = z.number().nonnegative();

/** Longest path there is on the systems we know. */
const MOST_PATH_CHARACTERS = 4096;
/** Most folders a path goes through; each is looked up by itself. */
const MOST_PATH_SEGMENTS = 256;

/**
 * Path of a file inside a workspace: relative to its root, with `/` between segments on every
 * platform, without `.` or `..` segments.
 */
export const WorkspacePath = z
  .string()
  .min(1)
  .max(MOST_PATH_CHARACTERS)
  .refine(
    (path) =>
      !path.startsWith("/") &&
      !/^[A-Za-z]:/.test(path) &&
      !path.includes("\\") &&
      !path.includes("\0") &&
      path.split("/", MOST_PATH_SEGMENTS + 1).length <= MOST_PATH_SEGMENTS &&
      path.split("/").every((segment) => segment !== "" && segment !== "." && segment !== ".."),
    "must be a path inside the workspace, relative to its root, with / between segments",
  );
export type WorkspacePath = z.infer<typeof WorkspacePath>;

/** Lower-case hex SHA-256 of a file's bytes; also its name in the object store. */
export const Sha256 = z.string().regex(/^[0-9a-f]{64}$/);
export type Sha256 = z.infer<typeof Sha256>;

type Patched<Shape extends z.ZodRawShape> = {
  [Field in keyof Shape]: z.ZodOptional<
    Shape[Field] extends z.ZodDefault<infer Inner extends z.ZodType> ? Inner : Shape[Field]
  >;
};

/**
 * A change to such an object: every field may be left out, and what is left out stays as it is.
 * Unlike `.partial()`, which fills a field that has a default and so would reset it.
 */
export const patchOf = <Shape extends z.ZodRawShape>(
  object: z.ZodObject<Shape>,
): z.ZodObject<Patched<Shape>, z.core.$strict> => {
  const fields = Object.entries(object.shape).map(([name, field]) => [
    name,
    z.optional(field instanceof z.ZodDefault ? field.unwrap() : field),
  ]);
  // Built from the shape's own entries, so it has every field, as `Patched` says.
  return z.strictObject(Object.fromEntries(fields) as Patched<Shape>);
};

/** Sets the fields a patch names; a field that is `undefined` counts as left out. */
export const applyPatch = <Value extends object>(
  value: Value,
  patch: { [Field in keyof Value]?: Value[Field] | undefined },
): Value => ({
  ...value,
  ...Object.fromEntries(Object.entries(patch).filter(([, field]) => field !== undefined)),
});
