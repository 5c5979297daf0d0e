import { createHash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { WorkspacePath } from "../../schemas/primitives.ts";
import { MOST_OBJECT_BYTES, type SentEntry, staysInside, travels } from "../../schemas/sent-files.ts";
import { pacer } from "../workspace/pace.ts";
import { relativePath } from "../workspace/paths.ts";
import { type TreeEntry, treeParts } from "../workspace/tree.ts";
import { hashOfFile } from "./objects.ts";

/** Hashes of files by path, each with the stamp that the file had. */
type Hashes = Map<string, { stamp: string; sha256: string }>;
/** What was found of each part: while its stamp is the same, it is not walked again. */
type Parts = Map<string, { stamp: string; found: readonly SentEntry[] }>;

/** Files up to this size are read at once. */
const SMALL_BYTES = 1024 ** 2;

/** A workspace as it is sent: what a private copy would contain, without secrets and ignored files. */
export interface Listing {
  entries: SentEntry[];
  /** Where to read the bytes of a hash: a path inside the workspace. */
  places: Map<string, WorkspacePath>;
}

/** Lists a workspace again and again, and reads only files that have changed since. */
export class WorkspaceLister {
  readonly #workspace: string;
  #hashes: Hashes = new Map();
  #parts: Parts = new Map();

  /** @param workspace absolute path. */
  constructor(workspace: string) {
    this.#workspace = workspace;
  }

  /** Error: `cancelled`. */
  async list(signal: AbortSignal): Promise<Listing> {
    const pace = pacer("Listing the workspace", signal);
    const hashes: Hashes = new Map();
    const parts: Parts = new Map();
    const entries: SentEntry[] = [];
    for (const part of treeParts(this.#workspace, [])) {
      const known = this.#parts.get(part.path);
      const isKnown = known !== undefined && part.stamp !== null && known.stamp === part.stamp;
      const found: SentEntry[] = isKnown ? [...known.found] : [];
      for (const { path } of found) {
        const hash = this.#hashes.get(path);
        if (hash !== undefined) hashes.set(path, hash);
      }
      if (!isKnown)
        for (const list of part.entries())
          for (const entry of list) {
            const sent = await this.#sent(entry, hashes);
            if (sent !== null) found.push(sent);
            await pace();
          }
      if (part.stamp !== null) parts.set(part.path, { stamp: part.stamp, found });
      for (const entry of found) entries.push(entry);
    }
    this.#hashes = hashes;
    this.#parts = parts;
    const files = entries.flatMap((entry): [string, WorkspacePath][] =>
      "sha256" in entry ? [[entry.sha256, entry.path]] : [],
    );
    return { entries, places: new Map(files) };
  }

  /** Reads every file again the next time: one has changed without its stamp changing. */
  forget(): void {
    this.#hashes.clear();
    this.#parts.clear();
  }

  /** Null: it does not travel, such as a folder or a link that leads out of the workspace. */
  async #sent(
    { path: place, type, executable, target, stamp }: TreeEntry,
    hashes: Hashes,
  ): Promise<SentEntry | null> {
    if (type === "directory") return null;
    const path = WorkspacePath.safeParse(relativePath(this.#workspace, place)).data;
    if (path === undefined || !travels(path)) return null;
    if (target !== null) {
      const link = { path, target };
      return staysInside(link) ? link : null;
    }
    try {
      const { size } = statSync(place);
      if (size > MOST_OBJECT_BYTES) return null;
      const known = this.#hashes.get(path);
      const sha256 = known?.stamp === stamp ? known.sha256 : await hashOf(place, size);
      hashes.set(path, { stamp, sha256 });
      return { path, sha256, size, executable };
    } catch {
      return null; // It is gone by now, or may not be read.
    }
  }
}

const hashOf = (place: string, size: number): string | Promise<string> =>
  size > SMALL_BYTES ? hashOfFile(place) : createHash("sha256").update(readFileSync(place)).digest("hex");
