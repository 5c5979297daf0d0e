import { z } from "zod";
import { Count, Sha256, WorkspacePath } from "./primitives.ts";

/**
 * How the files of a workspace get to a server that does not see them. The client makes a list of all files
 * and links, the tree, one JSON object on each line, sorted by path. The SHA-256 of this text names the
 * state of the workspace. The tree and the contents of files travel as objects in pieces, each object once.
 */
const SentFile = z.strictObject({
  path: WorkspacePath,
  sha256: Sha256,
  size: Count,
  executable: z.boolean(),
});
type SentFile = z.infer<typeof SentFile>;

/** A symbolic link. `target` counts from the link's own folder and stays inside the workspace. */
export const SentLink = z.strictObject({ path: WorkspacePath, target: z.string().min(1).max(4096) });
export type SentLink = z.infer<typeof SentLink>;

export const SentEntry = z.union([SentFile, SentLink]);
export type SentEntry = z.infer<typeof SentEntry>;

/** Largest object: a file of a workspace, or its tree. */
export const MOST_OBJECT_BYTES = 2 * 1024 ** 3;

/** Part of an object. The pieces of one object follow each other; the last one completes it. */
export const ObjectPiece = z.strictObject({
  sha256: Sha256,
  /** Bytes of the whole object. */
  size: Count.max(MOST_OBJECT_BYTES),
  /** Where in the object this piece begins. */
  at: Count,
  /** The bytes in base64. */
  data: z.base64(),
});
export type ObjectPiece = z.infer<typeof ObjectPiece>;

/** Files that stay where they are: the server has its own. Paths are compared in lower case. */
const kept = [".coditect/state", ".coditect/lessons.md"];
/** All that travels of a repository: with it, a worker finds the root and what git leaves out. */
const ofGit: ReadonlySet<string> = new Set([".git/head", ".git/info/exclude"]);

/** Whether a path may be part of a tree. Nothing in it may change what git or the runtime does on the server. */
export const travels = (path: WorkspacePath): boolean => {
  const lower = path.toLowerCase();
  if (kept.some((each) => lower === each || lower.startsWith(`${each}/`))) return false;
  return !lower.split("/").includes(".git") || ofGit.has(lower);
};

/**
 * Whether a link stays inside the workspace, whatever other links there are: it goes up only at its
 * beginning, where the way is made of folders.
 */
export const staysInside = ({ path, target }: SentLink): boolean => {
  if (target.startsWith("/") || target.includes("\\") || target.includes("\0")) return false;
  const segments = target.split("/").filter((segment) => segment !== "" && segment !== ".");
  const up = segments.findIndex((segment) => segment !== "..");
  const ascents = up === -1 ? segments.length : up;
  return ascents < path.split("/").length && !segments.slice(ascents).includes("..");
};
