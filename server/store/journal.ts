import { constants, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { fileNames, syncFolder, type Files } from "./files.ts";
import { endBlock, type ChainEnd, type Note } from "./journal-format.ts";
import { writeAll } from "./state-file.ts";

/** `fsync`: acknowledged is on the disk. `os`: acknowledged survives the process, not the machine. */
export type Durability = "fsync" | "os";

/** A segment of the journal that is closed: what of it counts. */
export interface ClosedSegment {
  number: number;
  bytes: number;
  /** Number of the last block before it. */
  sequence: number;
  /** Whether it holds more than notes. */
  hasChanges: boolean;
}

export interface SegmentStart {
  files: Files;
  folder: string;
  durability: Durability;
  number: number;
  sequence: number;
  header: Note;
}

/** The segment that is written to. */
export class Segment {
  readonly #handle: FileHandle;
  readonly #start: SegmentStart;
  #chain: ChainEnd;
  #bytes = 0;
  #hasChanges = false;

  private constructor(handle: FileHandle, start: SegmentStart) {
    this.#handle = handle;
    this.#start = start;
    this.#chain = { sequence: start.sequence, checksum: 0 };
  }

  /** Creates the file with its header; both are durable afterwards. */
  static async create(start: SegmentStart): Promise<Segment> {
    const { files, folder, durability } = start;
    // Exclusive: a suspended former owner that wakes up must not come upon ours.
    const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_EXCL;
    const sync = durability === "fsync" && process.platform !== "darwin" ? constants.O_DSYNC : 0;
    const handle = await files.open(join(folder, fileNames.segment(start.number)), flags | sync, 0o600);
    const segment = new Segment(handle, start);
    try {
      await segment.writeNote(start.header);
      if (durability === "fsync") await syncFolder(files, folder);
      return segment;
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Number of the last block. */
  get sequence(): number {
    return this.#chain.sequence;
  }

  get closed(): ClosedSegment {
    const { number, sequence } = this.#start;
    return { number, bytes: this.#bytes, sequence, hasChanges: this.#hasChanges };
  }

  /** Writes a block of changes; resolves when it is durable. */
  async write(parts: readonly Buffer[]): Promise<void> {
    this.#hasChanges = true;
    await this.#write(parts);
  }

  /** Writes a note as a block of its own. */
  async writeNote(note: Note): Promise<void> {
    await this.#write([Buffer.from(`#${JSON.stringify(note)}\n`)]);
  }

  async #write(parts: readonly Buffer[]): Promise<void> {
    const { line, chain } = endBlock(this.#chain, parts);
    const all = [...parts, line];
    try {
      await writeAll(this.#handle, all);
      // macOS alone ignores O_DSYNC for the drive's own cache; its fsync does not.
      if (this.#start.durability === "fsync" && process.platform === "darwin") await this.#handle.sync();
    } catch (error) {
      // What was not acknowledged should not turn up later; if this fails too, it may.
      await this.#handle.truncate(this.#bytes).catch(() => undefined);
      throw error;
    }
    this.#chain = chain;
    for (const part of all) this.#bytes += part.length;
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}
