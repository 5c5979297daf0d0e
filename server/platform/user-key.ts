import { createHmac, randomBytes } from "node:crypto";
import { linkSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { privateUserFolder } from "./user-folder.ts";

const KEY_BYTES = 32;

const codeOf = (error: unknown): unknown => (error instanceof Error && "code" in error ? error.code : null);

/** The user's own key, made when first needed. */
const userKey = (): Buffer => {
  const path = join(privateUserFolder(), "stamp.key");
  for (;;) {
    try {
      const key = readFileSync(path);
      if (key.length === KEY_BYTES) return key;
      rmSync(path);
    } catch (error) {
      if (codeOf(error) !== "ENOENT") throw error;
    }
    // Two runtimes that start together must end up with one key: whoever links first has made it.
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

/** A code for a value that only this user's own programs can make; `purpose` keeps uses apart. */
export const userCode = (purpose: string, value: string): Buffer =>
  createHmac("sha256", userKey()).update(`coditect ${purpose}\n${value}`).digest();
