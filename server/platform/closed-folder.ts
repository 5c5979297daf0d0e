import { chmodSync, lstatSync } from "node:fs";
import { makeFolder } from "./make-folder.ts";

/**
 * Makes a folder that only this user can enter, or closes an existing one to others. Says why it cannot
 * be used: it is a link, or another user's; null: it can. Loads nothing, as it is used by each start.
 */
export const closeFolder = (folder: string): string | null => {
  makeFolder(folder, 0o700);
  const found = lstatSync(folder);
  if (!found.isDirectory()) return "it is a link";
  // Windows keeps a user's folders private by the access lists of their parents.
  if (process.getuid === undefined) return null;
  if (found.uid !== process.getuid()) return "it belongs to another user";
  if ((found.mode & 0o077) !== 0) chmodSync(folder, 0o700);
  return null;
};
