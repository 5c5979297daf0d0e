import { createCipheriv, createDecipheriv, randomBytes, scrypt } from "node:crypto";
import { chmod, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { z } from "zod";
import { fail } from "../../schemas/errors.ts";
import { Timestamp } from "../../schemas/primitives.ts";

/** Keys by name, each with the time when it was added, the preferred one first. */
export const StoredKeys = z.record(
  z.string(),
  z.array(z.strictObject({ key: z.string().min(1), added_at: Timestamp })),
);
export type StoredKeys = z.infer<typeof StoredKeys>;

const Base64 = z.base64().transform((text) => Buffer.from(text, "base64"));
const Sealed = z.strictObject({
  version: z.literal(1),
  cipher: z.literal("aes-256-gcm"),
  /** Costs of scrypt; stored with the file, so that they can be raised later. */
  scrypt: z.strictObject({ n: z.int().max(2 ** 20), r: z.int().max(32), p: z.int().max(16), salt: Base64 }),
  nonce: Base64,
  tag: Base64,
  data: Base64,
});

const costs = { n: 2 ** 15, r: 8, p: 3 };

const deriveKey = (passphrase: string, salt: Buffer, { n, r, p }: typeof costs): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const options = { N: n, r, p, maxmem: 256 * n * r };
    scrypt(passphrase.normalize("NFC"), salt, 32, options, (error, key) => {
      if (error === null) resolve(key);
      else reject(error);
    });
  });

/** What the ciphertext is bound to: a file of another kind or version does not decrypt. */
const PURPOSE = Buffer.from("coditect credentials 1");

/** Encrypts the keys with AES-256-GCM; scrypt derives the key from the passphrase. */
export const seal = async (keys: StoredKeys, passphrase: string): Promise<string> => {
  const salt = randomBytes(16);
  const nonce = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", await deriveKey(passphrase, salt, costs), nonce);
  cipher.setAAD(PURPOSE);
  const data = Buffer.concat([cipher.update(JSON.stringify(keys), "utf8"), cipher.final()]);
  const text = (bytes: Buffer): string => bytes.toString("base64");
  const sealed = {
    version: 1,
    cipher: "aes-256-gcm",
    scrypt: { ...costs, salt: text(salt) },
    nonce: text(nonce),
    tag: text(cipher.getAuthTag()),
    data: text(data),
  };
  return `${JSON.stringify(sealed, null, 2)}\n`;
};

/** The keys of a sealed file; throws `credentials_closed` for a wrong passphrase or a changed file. */
export const unseal = async (text: string, passphrase: string): Promise<StoredKeys> => {
  let parsed: z.infer<typeof Sealed>;
  try {
    parsed = Sealed.parse(JSON.parse(text));
  } catch {
    throw fail("credentials_closed", {
      reason: "the file is damaged",
      hint: "Remove it and set the keys again.",
    });
  }
  const key = await deriveKey(passphrase, parsed.scrypt.salt, parsed.scrypt);
  try {
    const decipher = createDecipheriv("aes-256-gcm", key, parsed.nonce, { authTagLength: 16 });
    decipher.setAAD(PURPOSE);
    decipher.setAuthTag(parsed.tag);
    const plain = Buffer.concat([decipher.update(parsed.data), decipher.final()]).toString("utf8");
    return StoredKeys.parse(JSON.parse(plain));
  } catch {
    throw fail("credentials_closed", {
      reason: "the passphrase is wrong, or the file was changed",
      hint: "Enter the passphrase that it was created with (CODITECT_PASSPHRASE).",
    });
  }
};

/** The file's text, or null if there is none. */
export const readVault = async (path: string): Promise<string | null> => {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw fail("credentials_closed", {
      reason: "the file cannot be read",
      hint: "Check who may read it.",
    });
  }
};

/** Replaces the file as a whole; only its owner can read it. */
export const writeVault = async (path: string, text: string): Promise<void> => {
  const temporary = `${path}.${process.pid}.new`;
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  try {
    await writeFile(temporary, text, { mode: 0o600, flush: true });
    await chmod(temporary, 0o600);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
};
