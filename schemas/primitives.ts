import { z } from "zod";

/** Identifier of a stored record: an RFC 9562 UUID in lower case. */
export const Uuid = z.uuid();
export type Uuid = z.infer<typeof Uuid>;

/** RFC 3339, UTC, with milliseconds: `2026-01-31T12:00:00.000Z`. */
export const Timestamp = z.iso.datetime({ precision: 3 });
export type Timestamp = z.infer<typeof Timestamp>;

/** Any JSON value (the documents' `Value` and `JsonValue`). */
export const Json = z.json();
export type Json = z.infer<typeof Json>;

/** A share between 0 and 1 (the documents' `0.0-1.0`). */
export const Ratio = z.number().min(0).max(1);

/** A count: an integer from 0 that JavaScript represents exactly. */
export const Count = z.int().nonnegative();

/** Milliseconds, with fractions. */
export const Milliseconds = z.number().nonnegative();

/**
 * Path of a file inside a workspace: relative to its root, with `/` between segments on every
 * platform, without `.` or `..` segments.
 */
export const WorkspacePath = z
  .string()
  .min(1)
  .refine(
    (path) =>
      !path.startsWith("/") &&
      !/^[A-Za-z]:/.test(path) &&
      !path.includes("\\") &&
      !path.includes("\0") &&
      path.split("/").every((segment) => segment !== "" && segment !== "." && segment !== ".."),
    "must be a path inside the workspace, relative to its root, with / between segments",
  );
export type WorkspacePath = z.infer<typeof WorkspacePath>;

/** Lower-case hex SHA-256 of a file's bytes; also its name in the object store. */
export const Sha256 = z.string().regex(/^[0-9a-f]{64}$/);
export type Sha256 = z.infer<typeof Sha256>;
