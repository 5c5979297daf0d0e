import { createHash } from "node:crypto";
import { createReadStream, existsSync, mkdirSync, readdirSync, renameSync, statSync } from "node:fs";
import { mkdir, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { fail } from "../../schemas/errors.ts";
import type { ObjectPiece } from "../../schemas/sent-files.ts";

/** Most bytes that wait to be used. */
const MOST_BYTES = 8 * 1024 ** 3;

export const hashOfFile = async (path: string): Promise<string> => {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
};

/** Objects that were sent and are not in use yet, each in a file named after its SHA-256. */
export class IncomingObjects {
  readonly #folder: string;
  #bytes: number;

  constructor(folder: string) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.#bytes = readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
  }

  has(sha256: string): boolean {
    return existsSync(this.path(sha256));
  }

  /** Where the object is, or would be. */
  path(sha256: string): string {
    return join(this.#folder, sha256);
  }

  /**
   * Takes a piece. The first piece begins the object again. Errors: `invalid_params` for one that does not
   * follow the piece before, or an object that is not what its name says; `files_too_large`.
   */
  async take({ sha256, size, at, data }: ObjectPiece): Promise<void> {
    if (this.has(sha256)) return;
    const bytes = Buffer.from(data, "base64");
    const part = `${this.path(sha256)}.part`;
    const present = statSync(part, { throwIfNoEntry: false })?.size ?? 0;
    if (at !== 0 && at !== present)
      throw invalid(sha256, `a piece at ${at} does not follow ${present} bytes`);
    if (at + bytes.length > size) throw invalid(sha256, `it is longer than ${size} bytes`);
    if (this.#bytes + bytes.length > MOST_BYTES) {
      // Kept, they would refuse the smaller workspace that the user sends next.
      await this.clear();
      throw fail("files_too_large", { what: "the files that were sent", limit: "8 GB" });
    }
    const file = await open(part, at === 0 ? "w" : "a", 0o600);
    try {
      await file.writeFile(bytes);
    } finally {
      await file.close();
    }
    this.#bytes += bytes.length - (at === 0 ? present : 0);
    if (at + bytes.length < size) return;
    if ((await hashOfFile(part)) !== sha256) {
      await rm(part);
      this.#bytes -= size;
      throw invalid(sha256, "its content has another hash");
    }
    renameSync(part, this.path(sha256));
  }

  /** Forgets all objects: what was needed of them is in use. */
  async clear(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    this.#bytes = 0;
  }
}

const invalid = (sha256: string, problem: string) =>
  fail("invalid_params", { what: `The object ${sha256}`, problems: problem });
