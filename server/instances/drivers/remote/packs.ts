import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { TreeEntry } from "../../../workspace/tree.ts";

/** No pack but the last is smaller, and none is larger except for a single large file. */
const LEAST = 64 * 1024;
const MOST = 1024 * 1024;
/** About how many bytes there are between two entries that begin a pack. */
const USUAL = 384 * 1024;
/** About what an entry takes besides its content. */
const HEAD_BYTES = 100;
const HASHED_AT_ONCE = 512 * 1024;
const MOST_KNOWN = 20_000;

type Pace = () => Promise<void> | undefined;

const bytesOf = ({ size }: TreeEntry): number => size + HEAD_BYTES;

/** Whether an entry begins a pack. Only the entry itself decides, the more likely the larger it is. */
const isBorder = (entry: TreeEntry): boolean =>
  createHash("sha256").update(entry.path).digest().readUInt32BE() < (bytesOf(entry) / USUAL) * 2 ** 32;

/**
 * Divides entries into packs. The entries decide where a pack begins, so that a change leaves most packs as they
 * were.
 */
export const packsOf = (entries: readonly TreeEntry[]): TreeEntry[][] => {
  const packs: TreeEntry[][] = [];
  let pack: TreeEntry[] = [];
  let bytes = 0;
  for (const entry of entries) {
    const added = bytesOf(entry);
    const isFull = bytes >= LEAST && (bytes + added > MOST || isBorder(entry));
    if (isFull && pack.length > 0) {
      packs.push(pack);
      pack = [];
      bytes = 0;
    }
    pack.push(entry);
    bytes += added;
  }
  if (pack.length > 0) packs.push(pack);
  return packs;
};

/** A record of the receiver: a line of JSON, and the bytes that follow it. */
export const record = (header: object, body: Buffer = Buffer.alloc(0)): Buffer =>
  Buffer.concat([Buffer.from(`${JSON.stringify({ ...header, size: body.length })}\n`), body]);

/** The records of a pack. Files that have vanished in the meantime are left out. */
export const recordsOf = async (pack: readonly TreeEntry[], pace: Pace): Promise<Buffer> => {
  const records: Buffer[] = [];
  for (const { path, type, target, executable } of pack) {
    await pace();
    const body = type === "file" ? await readFile(path).catch(() => null) : undefined;
    if (body !== null) records.push(record({ path, type, target, mode: executable ? 0o755 : 0o644 }, body));
  }
  return Buffer.concat(records);
};

/** What identifies the records of a pack, and their size. */
export interface PackId {
  id: string;
  size: number;
}

/** The identities of packs. Those of packs whose files are as before are known without reading the files. */
export class PackIds {
  readonly #known = new Map<string, PackId>();

  async of(pack: readonly TreeEntry[], pace: Pace): Promise<PackId> {
    const states = createHash("sha256");
    for (const { path, type, executable, target, stamp } of pack)
      states.update(JSON.stringify([path, type, executable, target, stamp]));
    const state = states.digest("base64");
    const known = this.#known.get(state);
    if (known !== undefined) return known;
    const records = await recordsOf(pack, pace);
    const hash = createHash("sha256");
    for (let at = 0; at < records.length; at += HASHED_AT_ONCE) {
      await pace();
      hash.update(records.subarray(at, at + HASHED_AT_ONCE));
    }
    const made = { id: hash.digest("hex"), size: records.length };
    if (this.#known.size >= MOST_KNOWN) this.#known.clear();
    this.#known.set(state, made);
    return made;
  }
}
