import { z } from "zod";

/**
 * Where the git repository around a workspace keeps what ignore rules need. Found by the process that sees
 * the whole machine, and handed to workers, which do not. Git itself is never run for it.
 */
export const GitFiles = z.strictObject({
  /** The root of the working tree. */
  root: z.string(),
  /** Git's list of tracked files. */
  index: z.string(),
  /** Ignore files outside of the tree, the weakest first, each with what people know it as. */
  excludes: z.array(z.strictObject({ name: z.string(), path: z.string() })),
  ignore_case: z.boolean(),
  /** Bytes of an object's name: 20 for SHA-1, 32 for SHA-256. */
  hash_bytes: z.union([z.literal(20), z.literal(32)]),
});
export type GitFiles = z.infer<typeof GitFiles>;
