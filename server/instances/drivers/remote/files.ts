import { randomUUID } from "node:crypto";
import { dirname } from "node:path";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { deflateRaw } from "node:zlib";
import { untilAborted } from "../../../../schemas/abortable.ts";
import { fail } from "../../../../schemas/errors.ts";
import { SerialQueue } from "../../../../schemas/serial-queue.ts";
import { pacer } from "../../../workspace/pace.ts";
import type { TreeEntry, TreePart } from "../../../workspace/tree.ts";
import { changesOf, type Mirrored } from "../docker/mirror/changes.ts";
import { type PackIds, packsOf, record, recordsOf } from "./packs.ts";
import { ReceiverAnswer } from "./receiver.ts";
import type { RemoteStream } from "./stream.ts";

const deflate = promisify(deflateRaw);
const WHAT = "Sending the workspace";

/** A folder on the other side that outlives its receiver, with packs that an earlier one received. */
export interface PackCache {
  /** Absolute path there. */
  root: string;
  /** Name of the folder in it for this workspace: 64 hexadecimal digits. */
  folder: string;
  /** The key that the packs are encrypted with: 64 hexadecimal digits. */
  key: string;
  /** The most bytes that all folders may take. */
  limit: number;
  ids: PackIds;
}

/** What a cache was good for. */
export interface CacheUse {
  packs: number;
  /** How many of them were not in the cache. */
  sent: number;
  /** Why the cache could not be used; null if it could. */
  problem: string | null;
}

/** A tree of this machine on the other side. */
export interface SentTree {
  /** Sends what changed since the last time and removes what is gone. Errors: `worker_died`, `cancelled`. */
  sync(signal: AbortSignal): Promise<void>;
}

export interface ReceiverOptions {
  stream: RemoteStream;
  /** The name of the other machine in errors, such as `pod`. */
  what: string;
  /** If left out, everything is sent. */
  cache?: PackCache;
}

/** The runtime's side of a receiver. Everything that is sent arrives in the order of the calls. */
export class Receiver {
  readonly #options: ReceiverOptions;
  readonly #answers = new Map<string, (answer: ReceiverAnswer) => void>();
  // Two updates that start from the same state would undo each other's removals.
  readonly #queue = new SerialQueue();
  #isCacheOpen = false;
  /** What the cache was good for so far. */
  readonly use: CacheUse = { packs: 0, sent: 0, problem: null };

  constructor(options: ReceiverOptions) {
    this.#options = options;
    createInterface({ input: options.stream.output }).on("line", (line) => {
      const answer = answerIn(line);
      if (answer !== null) this.#answers.get(answer.id)?.(answer);
    });
  }

  tree(parts: () => Iterable<TreePart>): SentTree {
    let latest: Mirrored = new Map();
    const syncNow = async (signal: AbortSignal): Promise<void> => {
      const pace = pacer(WHAT, signal);
      const { sent, removed, now } = await changesOf(latest, parts(), pace);
      const all = new Set(removed);
      const gone = removed.filter((path) => !all.has(dirname(path)));
      if (gone.length > 0) await this.#send(Buffer.concat(gone.map((path) => record({ remove: path }))));
      // Later changes are small, and other instances group them differently.
      const isFirst = latest.size === 0;
      await this.#sendPacks(packsOf(sent), isFirst ? this.#options.cache : undefined, pace, signal);
      const end = randomUUID();
      const { problem } = await this.#ask(end, record({ end }), signal);
      this.use.problem ??= problem;
      latest = now;
    };
    return { sync: (signal) => this.#queue.run(() => syncNow(signal)) };
  }

  async #sendPacks(
    packs: readonly TreeEntry[][],
    cache: PackCache | undefined,
    pace: () => Promise<void> | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    const lacking = cache === undefined ? null : await this.#offer(packs, cache, pace, signal);
    for (const [index, pack] of packs.entries()) {
      if (lacking?.has(index) === false) continue;
      const records = await recordsOf(pack, pace);
      // The receiver keeps the next block under what it contains then.
      if (lacking !== null) await this.#send(record({ keep: true }));
      await this.#send(records);
    }
  }

  /** Resolves with the indexes of the packs that the cache lacks. All others are in place then. */
  async #offer(
    packs: readonly TreeEntry[][],
    { ids, root, folder, key, limit }: PackCache,
    pace: () => Promise<void> | undefined,
    signal: AbortSignal,
  ): Promise<Set<number>> {
    if (!this.#isCacheOpen) await this.#send(record({ cache: { root, folder, key, limit } }));
    this.#isCacheOpen = true;
    const offer: [id: string, size: number][] = [];
    for (const pack of packs) {
      const { id, size } = await ids.of(pack, pace);
      offer.push([id, size]);
    }
    const id = randomUUID();
    const { lacking, problem } = await this.#ask(id, record({ offer, id }), signal);
    this.use.packs += packs.length;
    this.use.sent += lacking.length;
    this.use.problem ??= problem;
    return new Set(lacking);
  }

  /** Sends records that ask for an answer with this id. */
  async #ask(id: string, records: Buffer, signal: AbortSignal): Promise<ReceiverAnswer> {
    const { stream, what } = this.#options;
    const answered = Promise.withResolvers<ReceiverAnswer | null>();
    this.#answers.set(id, answered.resolve);
    void stream.closed.then(() => {
      answered.resolve(null);
    });
    try {
      await this.#send(records);
      const answer = await untilAborted(answered.promise, signal, () => fail("cancelled", { what: WHAT }));
      if (answer === null) throw fail("worker_died", { what, how: "the connection to it broke" });
      return answer;
    } finally {
      this.#answers.delete(id);
    }
  }

  async #send(records: Buffer): Promise<void> {
    const block = await deflate(records, { level: 1 });
    const length = Buffer.alloc(4);
    length.writeUInt32BE(block.length);
    const { input, closed } = this.#options.stream;
    if (!input.write(Buffer.concat([length, block]))) await Promise.race([once(input, "drain"), closed]);
  }
}

const answerIn = (line: string): ReceiverAnswer | null => {
  try {
    return ReceiverAnswer.parse(JSON.parse(line));
  } catch {
    return null; // The connection broke in the middle of it.
  }
};
