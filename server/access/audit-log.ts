import { join } from "node:path";
import type { AuditEntry } from "../../schemas/audit.ts";
import { fail, type CoditectError } from "../../schemas/errors.ts";
import type { Timestamp } from "../../schemas/primitives.ts";
import { openToAppend, type AppendFile, type Durability } from "../store/appending.ts";
import { nodeFiles, reasonOf } from "../store/files.ts";
import {
  AUDIT_FILE,
  AUDIT_HEAD,
  checkAudit,
  entriesOf,
  hashOfEntry,
  headText,
  sealer,
} from "./audit-chain.ts";

/** What happened; the log adds number, time and hashes. */
export type AuditFacts = Omit<AuditEntry, "seq" | "at" | "previous" | "hash" | "seal">;

interface OpenLog {
  file: AppendFile;
  count: number;
  hash: string;
  /** The first entry that has a seal. */
  sealedFrom: number;
  sealOf: (hash: string) => string;
}

/**
 * The audit log of a state folder: append-only, each entry with the hash of the one before and a seal of this user.
 * It is opened by the first entry. Entries that wait together are written together.
 */
export class AuditLog {
  readonly #folder: string;
  readonly #now: () => Timestamp;
  readonly #durability: Durability;
  #opening: Promise<OpenLog> | null = null;
  #waiting: AuditFacts[] = [];
  #writing: Promise<void> = Promise.resolve();
  #next: Promise<void> | null = null;
  #failure: CoditectError | null = null;

  constructor(folder: string, now: () => Timestamp, durability: Durability = "fsync") {
    this.#folder = folder;
    this.#now = now;
    this.#durability = durability;
  }

  /** Why nothing can be recorded any more; null: it can. */
  get failure(): CoditectError | null {
    return this.#failure;
  }

  /** Resolves when the entry is on the disk. Error: `audit_failed`, from then on for each entry. */
  record(facts: AuditFacts): Promise<void> {
    if (this.#failure !== null) return Promise.reject(this.#failure);
    this.#waiting.push(facts);
    this.#next ??= this.#writing.then(() => {
      this.#next = null;
      this.#writing = this.#write(this.#waiting.splice(0));
      return this.#writing;
    });
    return this.#next;
  }

  /** Entries from a number on, at most `limit`. Error: `audit_failed`. */
  async read(from: number, limit: number): Promise<AuditEntry[]> {
    await this.#writing.catch(() => undefined);
    const found: AuditEntry[] = [];
    try {
      for await (const { entry } of entriesOf(join(this.#folder, AUDIT_FILE))) {
        if (entry === null) throw new Error("it contains a line that is not an entry");
        if (entry.seq >= from) found.push(entry);
        if (found.length === limit) break;
      }
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
      throw fail("audit_failed", { reason: reasonOf(error) }, { cause: error });
    }
    return found;
  }

  /** Waits for what is being written. */
  async close(): Promise<void> {
    await this.#next?.catch(() => undefined);
    await this.#writing.catch(() => undefined);
    const log = await this.#opening?.catch(() => null);
    await log?.file.close();
    this.#opening = null;
  }

  async #write(facts: readonly AuditFacts[]): Promise<void> {
    try {
      this.#opening ??= this.#open();
      const log = await this.#opening;
      const lines = facts.map((fact) => {
        const unsealed = { seq: log.count, at: this.#now(), ...fact, previous: log.hash };
        log.hash = hashOfEntry(unsealed);
        log.count += 1;
        return Buffer.from(
          `${JSON.stringify({ ...unsealed, hash: log.hash, seal: log.sealOf(log.hash) })}\n`,
        );
      });
      await log.file.append(lines);
      await this.#keepHead(log);
    } catch (error) {
      this.#failure = fail("audit_failed", { reason: reasonOf(error) }, { cause: error });
      throw this.#failure;
    }
  }

  async #open(): Promise<OpenLog> {
    const { count, hash, bytes, problem, head } = await checkAudit(this.#folder);
    if (problem !== null) throw new Error(problem);
    const file = await openToAppend(nodeFiles, join(this.#folder, AUDIT_FILE), this.#durability);
    // A line without its end was never acknowledged.
    await file.truncate(bytes);
    const log = { file, count, hash, sealedFrom: head?.sealed_from ?? count, sealOf: sealer() };
    // From here on, the record of its length must be there.
    await this.#keepHead(log);
    return log;
  }

  /** Without it, entries could be cut off the end and nobody would see. */
  async #keepHead({ count, hash, sealedFrom }: OpenLog): Promise<void> {
    const path = join(this.#folder, AUDIT_HEAD);
    const handle = await nodeFiles.open(`${path}.new`, "w", 0o600);
    try {
      await handle.writeFile(headText({ count, hash, sealed_from: sealedFrom }));
      if (this.#durability === "fsync") await handle.sync();
    } finally {
      await handle.close();
    }
    await nodeFiles.rename(`${path}.new`, path);
  }
}
