import { createHash, randomBytes } from "node:crypto";
import { join } from "node:path";
import { fail } from "../../schemas/errors.ts";
import { Sha256 } from "../../schemas/primitives.ts";
import { fileNames, ifThere, syncFolder, type Files } from "./files.ts";
import type { Durability } from "./appending.ts";
import type { Objects } from "./store.ts";

export interface ObjectOptions {
  files: Files;
  folder: string;
  durability: Durability;
  checkWritable: () => void;
  onFailure: (error: unknown) => Error;
}

/** Opens `objects/<first two digits>/<sha256>`. An object is written once, completely or not at all. */
export const openObjects = (options: ObjectOptions): Objects => {
  const { files, folder, durability, checkWritable, onFailure } = options;
  const directory = join(folder, fileNames.objects);
  const shelfOf = (sha256: string): string => join(directory, sha256.slice(0, 2));

  const write = async (sha256: string, bytes: Uint8Array): Promise<void> => {
    const shelf = shelfOf(sha256);
    if ((await files.mkdir(shelf, { recursive: true, mode: 0o700 })) !== undefined && durability === "fsync")
      await syncFolder(files, directory);
    const temporary = join(shelf, `${sha256}.${randomBytes(4).toString("hex")}.new`);
    const handle = await files.open(temporary, "wx", 0o600);
    try {
      await handle.writeFile(bytes);
      if (durability === "fsync") await handle.sync();
    } finally {
      await handle.close();
    }
    await files.rename(temporary, join(shelf, sha256));
    if (durability === "fsync") await syncFolder(files, shelf);
  };

  /** Objects that are being written. Their names may exist before they are durable. */
  const underWay = new Map<string, Promise<void>>();

  const store = async (sha256: string, bytes: Uint8Array): Promise<void> => {
    // A file has its final name only after all bytes are durable, so there is nothing left to do.
    const known = await ifThere(files.stat(join(shelfOf(sha256), sha256)));
    if (known?.size === bytes.length) return;
    checkWritable();
    try {
      await write(sha256, bytes);
    } catch (error) {
      throw onFailure(error);
    }
    checkWritable();
  };

  return {
    put: async (bytes) => {
      const sha256 = hashOf(bytes);
      const storing = underWay.get(sha256) ?? store(sha256, bytes).finally(() => underWay.delete(sha256));
      underWay.set(sha256, storing);
      await storing;
      return sha256;
    },
    get: async (sha256) => {
      const missing = { kind: "object", id: sha256 };
      if (!Sha256.safeParse(sha256).success) throw fail("not_found", missing);
      const bytes = await ifThere(files.readFile(join(shelfOf(sha256), sha256)));
      if (bytes === null) throw fail("not_found", missing);
      if (hashOf(bytes) === sha256) return bytes;
      const file = `${fileNames.objects}/${sha256.slice(0, 2)}/${sha256}`;
      throw fail("state_damaged", { file, place: "its content", backup: "a copy of it" });
    },
  };
};

export const hashOf = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
