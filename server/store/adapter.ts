import type { Adapter } from "lowdb";
import { join } from "node:path";
import { CoditectError, fail } from "../../schemas/errors.ts";
import type { StateDocument } from "./document.ts";
import { fileNames, isRefusal, listSegments, reasonOf, type Files } from "./files.ts";
import { publishFold, type FoldRequest } from "./fold.ts";
import type { Durability } from "./appending.ts";
import { Segment, type ClosedSegment } from "./journal.ts";
import { FORMAT, type StateBase, type StateSeal } from "./journal-format.ts";
import { loadState } from "./load.ts";
import type { Lock } from "./lock.ts";
import { foldAndMigrate, needsMigration, SCHEMA_VERSION } from "./migrations.ts";
import { SerialQueue, type Turn } from "../../schemas/serial-queue.ts";

export interface AdapterOptions {
  files: Files;
  folder: string;
  tenantId: string;
  /** Whether this tenant takes over the records of other tenants. */
  adoptsTenants: boolean;
  durability: Durability;
  lock: Lock;
  fold: (request: FoldRequest) => Promise<StateSeal>;
  /** The journal is folded once it has this many bytes, unless the state file is larger. */
  foldAt: number;
  /** Called with failures that had no effect. */
  warn: (problem: string) => void;
}

/** Once this many bytes wait, their write begins at once. */
const EARLY = 128 * 1024;

/**
 * The adapter that lowdb uses for the disk. `read` opens the state. `write` makes all changes of the document
 * since the last call durable, together with those of all other callers that wait.
 */
export class JournalAdapter implements Adapter<StateDocument> {
  readonly #options: AdapterOptions;
  #segment: Segment | null = null;
  #closed: ClosedSegment[] = [];
  #base: StateBase | null = null;
  #foldAt: number;
  /** The write that commits can still join. */
  #open: Turn<void> | null = null;
  readonly #turns = new SerialQueue();
  #folding: Promise<void> | null = null;
  #failure: CoditectError | null = null;
  #torn = 0;

  constructor(options: AdapterOptions) {
    this.#options = options;
    this.#foldAt = options.foldAt;
  }

  /** The reason why nothing can be written any more. */
  get failure(): CoditectError | null {
    return this.#failure;
  }

  /** Bytes of an unfinished write that were skipped at opening. They were never acknowledged. */
  get torn(): number {
    return this.#torn;
  }

  /** Stops all writing from now on, for this reason. */
  stop(error: unknown): CoditectError {
    this.#failure ??= readOnly(error);
    return this.#failure;
  }

  /** Throws if nothing may be written any more. */
  check(): void {
    if (this.#failure !== null) throw this.#failure;
    try {
      this.#options.lock.check();
    } catch (error) {
      throw this.stop(error);
    }
  }

  async read(): Promise<StateDocument> {
    const { files, folder, tenantId, adoptsTenants } = this.#options;
    const loaded = await loadState(files, folder, tenantId);
    let { document } = loaded;
    const folded = loaded.base?.folded ?? 0;
    this.#closed = loaded.segments.filter(({ number }) => number > folded);
    this.#base = loaded.base;
    this.#torn = loaded.torn;
    if (this.#failure !== null) return document;
    try {
      // A former owner that was suspended before it removed the segments it had folded may still remove them.
      await this.#removeFolded();
      await this.#remove(loaded.unfinished);
      this.#segment = await this.#createSegment(loaded.sequence);
      if (needsMigration(document) || (adoptsTenants && document.hasOtherTenants)) {
        await this.#fold((request) => foldAndMigrate(files, request, loaded.document));
        ({ document } = await loadState(files, folder, tenantId));
      } else if (document.schemaVersion === null) document.putSchemaVersion(SCHEMA_VERSION);
      this.#foldIfLong();
    } catch (error) {
      if (this.failure === null && !isRefusal(error)) {
        await this.#segment?.close();
        throw error;
      }
      // Readers can still see the current state.
      this.stop(error);
    }
    return document;
  }

  write(document: StateDocument): Promise<void> {
    const open = (this.#open ??= this.#openWrite(document));
    // The write does not wait for all commits that are made at the same moment.
    if (document.waiting > EARLY) open.begin();
    return open.done;
  }

  #openWrite(document: StateDocument): Turn<void> {
    const { begin, done } = this.#take((segment) => this.#writeChanges(segment, document));
    const written = done.catch((error: unknown) => {
      // If its turn has not come, nothing was undone yet.
      document.takeWritten().undo();
      throw error;
    });
    return { begin, done: written };
  }

  async #writeChanges(segment: Segment, document: StateDocument): Promise<void> {
    this.#open = null;
    const { parts, undo } = document.takeWritten();
    if (parts.length === 0) return;
    try {
      const writing = segment.write(parts);
      document.giveBackMemory(parts);
      await writing;
      // This check comes last: a process that took over before would not have seen this block.
      this.#options.lock.check();
    } catch (error) {
      const failure = this.stop(error);
      // Later commits depend on this one.
      document.takeWritten().undo();
      undo();
      throw failure;
    }
    this.#foldIfLong();
  }

  /** Waits for the current write, and folds the rest of the journal. */
  async close(): Promise<void> {
    await this.#folding;
    const open = this.#segment?.closed;
    const hasChanges = [...this.#closed, ...(open === undefined ? [] : [open])].some(
      (each) => each.hasChanges,
    );
    if (this.#failure === null && hasChanges) await this.#tryFold();
    await this.#turns.over;
    await this.#segment?.close();
    this.#segment = null;
    if (this.#failure !== null || hasChanges || open === undefined) return;
    // Opening and closing leave no files behind.
    this.check();
    await this.#remove([open.number]);
  }

  /** Removes segments in order, so that the remaining ones are consecutive. */
  async #removeFolded(): Promise<void> {
    const folded = this.#base?.folded ?? 0;
    const numbers = await listSegments(this.#options.files, this.#options.folder);
    await this.#remove(numbers.filter((number) => number <= folded));
  }

  async #remove(segments: readonly number[]): Promise<void> {
    const { files, folder } = this.#options;
    for (const number of segments) await files.rm(join(folder, fileNames.segment(number)), { force: true });
  }

  /** Runs `work` on the segment when all before it is done. */
  #inTurn<Result>(work: (segment: Segment) => Promise<Result>): Promise<Result> {
    return this.#take(work).done;
  }

  #take<Result>(work: (segment: Segment) => Promise<Result>): Turn<Result> {
    return this.#turns.take(async () => {
      if (this.#failure !== null) throw this.#failure;
      if (this.#segment === null) throw fail("state_read_only", { reason: "the store is closed" });
      return work(this.#segment);
    });
  }

  #createSegment(sequence: number): Promise<Segment> {
    const { files, folder, durability, lock } = this.#options;
    const last = this.#closed.at(-1);
    return Segment.create({
      files,
      folder,
      durability,
      number: (last?.number ?? this.#base?.folded ?? 0) + 1,
      sequence,
      header: {
        format: FORMAT,
        epoch: lock.epoch,
        state: this.#base,
        previous: last === undefined ? null : { segment: last.number, bytes: last.bytes },
      },
    });
  }

  #foldIfLong(): void {
    const journal = this.#closed.reduce((sum, { bytes }) => sum + bytes, this.#segment?.bytes ?? 0);
    if (this.#folding !== null || journal < Math.max(this.#foldAt, this.#base?.seal.bytes ?? 0)) return;
    this.#folding = this.#tryFold().finally(() => {
      this.#folding = null;
    });
  }

  /** Folds. If that fails, the journal still has everything, and the store tries again when it grows. */
  async #tryFold(): Promise<void> {
    try {
      await this.#fold(this.#options.fold);
      this.#foldAt = this.#options.foldAt;
    } catch (error) {
      this.#foldAt *= 2;
      this.#options.warn(`the journal could not be folded: ${reasonOf(error)}`);
    }
  }

  /** Folds the journal up to now into the state file; commits continue meanwhile. */
  async #fold(fold: AdapterOptions["fold"]): Promise<void> {
    const { files, folder, tenantId, lock } = this.#options;
    await this.#inTurn((segment) => this.#rotate(segment));
    const segments = [...this.#closed];
    const seal = await fold({
      folder,
      tenantId,
      segments,
      stateBytes: this.#base?.seal.bytes ?? null,
      output: fileNames.newState(lock.epoch),
    });
    const base = { folded: segments.at(-1)?.number ?? 0, seal };
    await this.#inTurn((segment) => this.#writeNote(segment, base));
    await publishFold(files, folder, lock);
    this.#base = base;
    this.#closed = this.#closed.slice(segments.length);
    await this.#removeFolded();
  }

  async #writeNote(segment: Segment, note: StateBase): Promise<void> {
    try {
      await segment.writeNote(note);
    } catch (error) {
      // After a failed write, it is unknown which part of the file is on the disk.
      throw this.stop(error);
    }
  }

  async #rotate(segment: Segment): Promise<void> {
    this.#closed.push(segment.closed);
    try {
      this.#segment = await this.#createSegment(segment.sequence);
    } catch (error) {
      this.#closed.pop();
      // Its header may be on the disk and say that nothing more follows in the previous segment.
      throw this.stop(error);
    }
    await segment.close();
  }
}

const readOnly = (error: unknown): CoditectError =>
  error instanceof CoditectError
    ? error
    : fail("state_read_only", { reason: reasonOf(error) }, { cause: error });
