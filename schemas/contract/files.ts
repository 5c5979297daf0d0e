import { z } from "zod";
import { Count, Sha256 } from "../primitives.ts";
import { ObjectPiece } from "../sent-files.ts";
import { Nothing, row } from "./row.ts";

/** Methods that bring the files of a workspace to a server which has a copy of it. */
export const fileMethods = {
  /** Which state of the workspace the server has; `tree` is null before the first one. */
  "files/get": row("viewer", Nothing, z.strictObject({ tree: Sha256.nullable(), files: Count }), {
    verb: "GET",
    path: "/api/files",
  }),
  /** Sends pieces of objects. One that is there already is not needed again. */
  "files/send": row(
    "operator",
    z.strictObject({ pieces: z.array(ObjectPiece).min(1).max(10_000) }),
    Nothing,
    { verb: "POST", path: "/api/files/objects", status: 204 },
  ),
  /**
   * Makes the copy equal to a tree. While objects are missing, nothing is changed, and the answer names
   * some of them: send those, and ask again.
   */
  "files/use": row(
    "operator",
    z.strictObject({ tree: Sha256 }),
    z.strictObject({ missing: z.array(Sha256) }),
    { verb: "PUT", path: "/api/files" },
  ),
} as const;
