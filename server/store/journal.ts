import { join } from "node:path";
import { createWithRoom, type AppendFile, type Durability } from "./appending.ts";
import { fileNames, syncFolder, type Files } from "./files.ts";
import { endBlock, type ChainEnd, type Note } from "./journal-format.ts";

/** A closed segment of the journal, and its valid part. */
export interface ClosedSegment {
  number: number;
  bytes: number;
  /** The number of the last block before it. */
  sequence: number;
  /** Whether it contains more than notes. */
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

/** The segment that is written to. Zeros after its last block are room for the next blocks. */
export class Segment {
  readonly #file: AppendFile;
  readonly #start: SegmentStart;
  #chain: ChainEnd;
  #bytes = 0;
  #hasChanges = false;

  private constructor(file: AppendFile, start: SegmentStart) {
    this.#file = file;
    this.#start = start;
    this.#chain = { sequence: start.sequence, checksum: 0 };
  }

  /** Creates the file with its header; both are durable afterwards. */
  static async create(start: SegmentStart): Promise<Segment> {
    const { files, folder, durability } = start;
    // The file is new, so that a suspended former owner that wakes up cannot write into it.
    const file = await createWithRoom(files, join(folder, fileNames.segment(start.number)), durability);
    const segment = new Segment(file, start);
    try {
      await segment.writeNote(start.header);
      if (durability === "fsync") await syncFolder(files, folder);
      return segment;
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The number of the last block. */
  get sequence(): number {
    return this.#chain.sequence;
  }

  get closed(): ClosedSegment {
    const { number, sequence } = this.#start;
    return { number, bytes: this.#bytes, sequence, hasChanges: this.#hasChanges };
  }

  /** Writes a block of changes. Resolves when it is durable. */
  async write(parts: readonly Buffer[]): Promise<void> {
    this.#hasChanges = true;
    await this.#write(parts);
  }

  /** Writes a note as a separate block. */
  async writeNote(note: Note): Promise<void> {
    await this.#write([Buffer.from(`#${JSON.stringify(note)}\n`)]);
  }

  async #write(parts: readonly Buffer[]): Promise<void> {
    const { line, chain } = endBlock(this.#chain, parts);
    const all = [...parts, line];
    try {
      await this.#file.append(all);
    } catch (error) {
      // Data that was not acknowledged should not appear later. If this fails too, it may.
      await this.#file.truncate(this.#bytes).catch(() => undefined);
      throw error;
    }
    this.#chain = chain;
    for (const part of all) this.#bytes += part.length;
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}
