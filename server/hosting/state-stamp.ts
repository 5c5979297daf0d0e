import { randomBytes } from "node:crypto";
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";
import { fail } from "../../schemas/errors.ts";
import { knownUserCode, userCode } from "../platform/user-key.ts";
import { fileNames, isRefusal } from "../store/files.ts";
import { isTracked } from "./tracked.ts";

const STAMP = "stamp";

/**
 * Proof that this user's runtime made the folder: two codes under a key that only this user has. One is
 * for the folder's path, one for the folder itself, so that a folder that was moved, or a disk that
 * was mounted again, is still known. A copy at another place is not.
 */
const Stamp = z.object({ version: z.literal(1), place: z.base64(), folder: z.base64() });
type Stamp = z.infer<typeof Stamp>;

const purposes = { place: "state folder, place", folder: "state folder, inode" } as const;

/** What the two codes are about. */
const markedOf = (folder: string): Record<keyof typeof purposes, string> => {
  const { dev, ino, birthtimeNs } = lstatSync(folder, { bigint: true });
  return { place: realpathSync.native(folder), folder: `${dev}:${ino}:${birthtimeNs}` };
};

const readStamp = (folder: string): Stamp | null => {
  const path = join(folder, STAMP);
  try {
    // A link or a device would lead somewhere else, or never end.
    if (!lstatSync(path).isFile()) return null;
    return Stamp.safeParse(JSON.parse(readFileSync(path, "utf8"))).data ?? null;
  } catch {
    return null;
  }
};

/** Which of this user's keys made the stamp; null: it is of another user, or of another folder. */
const keyOf = (folder: string, stamp: Stamp): "current" | "other" | null => {
  const marked = markedOf(folder);
  const known = (["place", "folder"] as const).map((part) =>
    knownUserCode(purposes[part], marked[part], Buffer.from(stamp[part], "base64")),
  );
  return known.includes("current") ? "current" : known.includes("other") ? "other" : null;
};

/** What a folder may hold that no runtime has used yet: a stamp may be on its way there. */
const isHarmless = (name: string): boolean => name === ".gitignore" || name.startsWith(`${STAMP}.`);

const LINKED = "a link leads there";

/** Whether a state folder, or one of the folders on the way to it below `within`, is a link. */
const hasLink = (folder: string, within: string): boolean => {
  for (let path = folder; path !== within && path.startsWith(within); path = dirname(path))
    if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true) return true;
  return false;
};

/** Marks a state folder as one of this user's. */
const stampStateFolder = (folder: string): void => {
  const marked = markedOf(folder);
  const codeOf = (part: keyof typeof purposes): string =>
    userCode(purposes[part], marked[part]).toString("base64");
  const stamp: Stamp = { version: 1, place: codeOf("place"), folder: codeOf("folder") };
  const temporary = join(folder, `${STAMP}.${randomBytes(6).toString("hex")}`);
  writeFileSync(temporary, `${JSON.stringify(stamp)}\n`, { mode: 0o600, flag: "wx" });
  renameSync(temporary, join(folder, STAMP));
};

/** Why a state folder must not be used, in words; null: it is this user's own, or new. */
export const foreignReason = (folder: string, workspace: string): string | null => {
  if (hasLink(folder, workspace)) return LINKED;
  const found = lstatSync(folder, { throwIfNoEntry: false });
  if (found === undefined) return null;
  if (!found.isDirectory()) return "it is not a folder";
  if (readdirSync(folder).every(isHarmless)) return null;
  const stamp = readStamp(folder);
  if (stamp === null) return "it does not contain your stamp";
  if (keyOf(folder, stamp) === null)
    return "its stamp belongs to another user, machine or folder, or to another home folder (HOME)";
  return isTracked(workspace, folder) ? "its files are under version control" : null;
};

/**
 * Makes a state folder and marks it as this user's, or checks that it is. A state folder that a repository brings
 * along must not be read as state: it could grant consents, define agents and dismiss findings.
 * Error: `state_foreign`.
 */
export const claimStateFolder = (folder: string, workspace: string): void => {
  const reason = foreignReason(folder, workspace);
  if (reason !== null) throw fail("state_foreign", { path: folder, reason });
  const stamp = readStamp(folder);
  if (stamp !== null && keyOf(folder, stamp) === "current") return;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    stampStateFolder(folder);
  } catch (error) {
    // On a disk that cannot be written the store opens for reading, and there is nothing to read.
    if (!isRefusal(error)) throw error;
  }
};

/**
 * Takes a folder over that came with the workspace, at the user's wish. Its lock is removed: it is of
 * another machine. Error: `state_foreign` where even that cannot make it safe, as for a link.
 */
export const adoptStateFolder = (folder: string, workspace: string): void => {
  if (hasLink(folder, workspace)) throw fail("state_foreign", { path: folder, reason: LINKED });
  rmSync(join(folder, fileNames.lock), { force: true });
  stampStateFolder(folder);
  const reason = foreignReason(folder, workspace);
  if (reason !== null) throw fail("state_foreign", { path: folder, reason });
};
