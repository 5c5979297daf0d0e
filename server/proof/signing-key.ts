import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
} from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { makeFolder } from "../platform/make-folder.ts";
import { userFolder } from "../platform/user-folder.ts";

/** The user's own key for receipts. */
export interface SigningKey {
  privateKey: KeyObject;
  publicKey: KeyObject;
  /** SHA-256 of the public key, by which others know it. */
  id: string;
}

const keyFile = (environment: NodeJS.ProcessEnv): string => join(userFolder(environment), "receipt-key.pem");

/** SHA-256 of a public key in its DER form. */
export const keyId = (key: KeyObject): string =>
  createHash("sha256")
    .update(key.export({ format: "der", type: "spki" }))
    .digest("hex");

/** The key in the user's folder; made there the first time, readable by the user alone. */
export const signingKey = async (environment: NodeJS.ProcessEnv): Promise<SigningKey> => {
  const file = keyFile(environment);
  const pem = await readFile(file, "utf8").catch(() => null);
  if (pem !== null) return keyOf(createPrivateKey(pem));
  const { privateKey } = generateKeyPairSync("ed25519");
  makeFolder(dirname(file), 0o700);
  const text = privateKey.export({ format: "pem", type: "pkcs8" });
  try {
    await writeFile(file, text, { mode: 0o600, flag: "wx" });
    return keyOf(privateKey);
  } catch (error) {
    // Another process made it a moment ago.
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    return keyOf(createPrivateKey(await readFile(file, "utf8")));
  }
};

const keyOf = (privateKey: KeyObject): SigningKey => {
  const publicKey = createPublicKey(privateKey);
  return { privateKey, publicKey, id: keyId(publicKey) };
};
