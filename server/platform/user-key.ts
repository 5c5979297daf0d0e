import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { linkSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { existingUserFolders, privateUserFolder, readPrivate } from "./user-folder.ts";

const KEY_BYTES = 32;

const codeOf = (error: unknown): unknown => (error instanceof Error && "code" in error ? error.code : null);

const NAME = "stamp.key";

/** The user's own key, made when first needed. */
const userKey = (): Buffer => {
  const path = join(privateUserFolder(), NAME);
  for (;;) {
    try {
      const key = readPrivate(path);
      if (key.length === KEY_BYTES) return key;
      rmSync(path);
    } catch (error) {
      if (codeOf(error) !== "ENOENT") throw error;
    }
    // Two runtimes that start together must end up with one key: the first link wins.
    const made = `${path}.${randomBytes(6).toString("hex")}`;
    writeFileSync(made, randomBytes(KEY_BYTES), { mode: 0o600, flag: "wx" });
    try {
      linkSync(made, path);
    } catch (error) {
      if (codeOf(error) !== "EEXIST") throw error;
    } finally {
      rmSync(made);
    }
  }
};

/** The keys that this user's programs made under another home folder. */
const otherKeys = (): Buffer[] =>
  existingUserFolders().flatMap((folder) => {
    try {
      const key = readPrivate(join(folder, NAME));
      return key.length === KEY_BYTES ? [key] : [];
    } catch {
      return [];
    }
  });

const codeUnder = (key: Buffer, purpose: string, value: string): Buffer =>
  createHmac("sha256", key).update(`coditect ${purpose}\n${value}`).digest();

/** A code for a value that only this user's own programs can make; `purpose` keeps uses apart. */
export const userCode = (purpose: string, value: string): Buffer => codeUnder(userKey(), purpose, value);

/** The same for many values: the key is read once. */
export const userCoder = (purpose: string): ((value: string) => Buffer) => {
  const key = userKey();
  return (value) => codeUnder(key, purpose, value);
};

/**
 * Whether this user's programs made the code: `current` with the key that is in use, `other` with one
 * that they made under another home folder.
 */
export const knownUserCode = (purpose: string, value: string, code: Buffer): "current" | "other" | null => {
  const isMadeWith = (key: Buffer): boolean => {
    const made = codeUnder(key, purpose, value);
    return made.length === code.length && timingSafeEqual(made, code);
  };
  if (isMadeWith(userKey())) return "current";
  return otherKeys().some(isMadeWith) ? "other" : null;
};
