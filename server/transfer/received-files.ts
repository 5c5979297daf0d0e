import { createWriteStream, renameSync } from "node:fs";
import { copyFile, mkdir, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { z } from "zod";
import { fail } from "../../schemas/errors.ts";
import { Sha256 } from "../../schemas/primitives.ts";
import { SentEntry, type ObjectPiece } from "../../schemas/sent-files.ts";
import { SerialQueue } from "../../schemas/serial-queue.ts";
import { pacer } from "../workspace/pace.ts";
import { hashOfFile, IncomingObjects } from "./objects.ts";
import { Placing } from "./placing.ts";
import { readTree, stateOf, type Tree } from "./tree-text.ts";

/** Largest tree, in bytes: some 300,000 files. */
const MOST_TREE_BYTES = 64 * 1024 ** 2;
/** Largest workspace. */
const MOST_BYTES = 16 * 1024 ** 3;
/** Objects that one answer names. */
const MOST_MISSING = 10_000;

/** What the copy holds. */
const Held = z.strictObject({
  /** Null: an earlier change of the copy did not end, so each file has to be looked at. */
  tree: Sha256.nullable(),
  entries: z.array(SentEntry),
});
type Held = z.infer<typeof Held>;

/** Number of entries that are serialized in one turn of the event loop. */
const ENTRIES_AT_ONCE = 1000;

/** A {@link Held} as JSON, in pieces, so that a large workspace does not block the event loop. */
const heldText = function* (tree: string | null, entries: readonly SentEntry[]): Generator<string> {
  yield `{"tree":${JSON.stringify(tree)},"entries":[`;
  for (let at = 0; at < entries.length; at += ENTRIES_AT_ONCE) {
    const some = entries.slice(at, at + ENTRIES_AT_ONCE).map((entry) => JSON.stringify(entry));
    yield (at === 0 ? "" : ",") + some.join(",");
  }
  yield "]}";
};

const bytesOf = (tree: Tree): number => {
  let sum = 0;
  for (const entry of tree.values()) if ("size" in entry) sum += entry.size;
  return sum;
};

const WORKSPACE = "workspace";
const heldFile = (folder: string): string => join(folder, "held.json");

/** An unreadable file counts as empty: all files are sent again. */
const readHeld = async (folder: string): Promise<Held | null> => {
  try {
    return Held.parse(JSON.parse(await readFile(heldFile(folder), "utf8")));
  } catch {
    return null;
  }
};

/**
 * The copy of a workspace whose files are sent from another machine, in a folder that nobody else uses:
 * the copy itself is in `workspace/`. Only {@link ReceivedFiles.use} changes it.
 */
export class ReceivedFiles {
  readonly #folder: string;
  readonly #objects: IncomingObjects;
  readonly #queue = new SerialQueue();
  #tree: Tree = new Map();
  #name: string | null = null;

  private constructor(folder: string, held: Held | null) {
    this.#folder = folder;
    this.#objects = new IncomingObjects(join(folder, "incoming"));
    if (held === null) return;
    this.#name = held.tree;
    this.#tree = new Map(held.entries.map((entry) => [entry.path, entry]));
  }

  static async open(folder: string): Promise<ReceivedFiles> {
    const held = await readHeld(folder);
    const workspace = join(folder, WORKSPACE);
    // It is no longer known which files of the copy were sent.
    if (held === null) await rm(workspace, { recursive: true, force: true });
    await mkdir(workspace, { recursive: true, mode: 0o700 });
    return new ReceivedFiles(folder, held);
  }

  /** Absolute path of the copy. */
  get workspace(): string {
    return join(this.#folder, WORKSPACE);
  }

  /** Which tree the copy is equal to. */
  get state(): { tree: string | null; files: number } {
    return { tree: this.#name, files: this.#tree.size };
  }

  /** Errors: `invalid_params`, `files_too_large`. */
  receive(pieces: readonly ObjectPiece[]): Promise<void> {
    return this.#queue.run(async () => {
      for (const piece of pieces) await this.#objects.take(piece);
    });
  }

  /**
   * Makes the copy equal to the tree, or changes nothing and names objects that have to be sent first.
   * Errors: `invalid_params`, `files_too_large`, `cancelled`.
   */
  use(tree: string, signal: AbortSignal): Promise<{ missing: string[] }> {
    return this.#queue.run(() => this.#use(tree, signal));
  }

  async #use(name: string, signal: AbortSignal): Promise<{ missing: string[] }> {
    if (name === this.#name) return { missing: [] };
    if (!this.#objects.has(name)) return { missing: [name] };
    const pace = pacer("Receiving the workspace", signal);
    const path = this.#objects.path(name);
    if ((await stat(path)).size > MOST_TREE_BYTES)
      throw fail("files_too_large", { what: "the list of its files", limit: "64 MB" });
    const wanted = await readTree(await readFile(path, "utf8"), pace);
    if (bytesOf(wanted) > MOST_BYTES) throw fail("files_too_large", { what: "its files", limit: "16 GB" });
    const changed = await this.#changed(wanted, pace);
    const missing = await this.#missing(changed);
    if (missing.length > 0) return { missing: missing.slice(0, MOST_MISSING) };
    await this.#apply(name, wanted, changed, signal);
    return { missing: [] };
  }

  /** Entries that the copy does not have as they are wanted. */
  async #changed(wanted: Tree, pace: () => Promise<void> | undefined): Promise<SentEntry[]> {
    const changed: SentEntry[] = [];
    for (const entry of wanted.values()) {
      const known = this.#tree.get(entry.path);
      if (this.#name === null || known === undefined || stateOf(known) !== stateOf(entry))
        changed.push(entry);
      await pace();
    }
    return changed;
  }

  /**
   * Which contents are neither sent nor in the copy. Those in the copy are taken out of it, because their
   * files may be replaced before the content is needed elsewhere.
   */
  async #missing(changed: readonly SentEntry[]): Promise<string[]> {
    const wanted = new Set(changed.flatMap((entry) => ("sha256" in entry ? [entry.sha256] : [])));
    for (const sha256 of wanted) if (this.#objects.has(sha256)) wanted.delete(sha256);
    for (const entry of this.#tree.values())
      if ("sha256" in entry && wanted.has(entry.sha256) && (await this.#takeOut(entry)))
        wanted.delete(entry.sha256);
    return [...wanted];
  }

  async #takeOut({ path, sha256 }: { path: string; sha256: string }): Promise<boolean> {
    const temporary = `${this.#objects.path(sha256)}.own`;
    try {
      await copyFile(join(this.workspace, path), temporary);
      if ((await hashOfFile(temporary)) !== sha256) throw new Error("it was changed");
      renameSync(temporary, this.#objects.path(sha256));
      return true;
    } catch {
      await rm(temporary, { force: true });
      return false;
    }
  }

  async #apply(
    name: string,
    wanted: Tree,
    changed: readonly SentEntry[],
    signal: AbortSignal,
  ): Promise<void> {
    const pace = pacer("Receiving the workspace", signal);
    const gone = [...this.#tree.keys()].filter((path) => !wanted.has(path));
    // After a crash in between, all files of either tree may be there.
    await this.#keep(null, new Map([...this.#tree, ...wanted]));
    const placing = new Placing(this.workspace, this.#objects.path("placing"));
    for (const path of gone) {
      placing.remove(path);
      await pace();
    }
    for (const entry of changed) {
      if ("target" in entry) placing.link(entry.path, entry.target);
      else await placing.file(entry.path, this.#objects.path(entry.sha256), entry.executable);
      await pace();
    }
    await this.#keep(name, wanted);
    await this.#objects.clear();
  }

  /** Written before the copy is changed, and after. */
  async #keep(name: string | null, tree: Tree): Promise<void> {
    const path = heldFile(this.#folder);
    const file = createWriteStream(`${path}.new`, { mode: 0o600 });
    await pipeline(Readable.from(heldText(name, [...tree.values()])), file);
    await rename(`${path}.new`, path);
    this.#name = name;
    this.#tree = tree;
  }
}
