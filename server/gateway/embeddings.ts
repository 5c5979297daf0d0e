import { hash } from "node:crypto";
import { appendFile, mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type { AIProvider, ProviderName } from "../../schemas/agent.ts";
import { askOnce } from "./ask-once.ts";
import { brokenAnswer, missingKey, unusableAnswer } from "./faults.ts";
import type { Embedded, GenerateOptions } from "./gateway.ts";
import type { KeysOf } from "./keys.ts";
import type { Amount } from "./amount.ts";
import type { Reservation } from "./limits.ts";
import { costOf, dollarsOf, free } from "./prices.ts";
import type { Providers } from "./providers.ts";
import { targetOf, type Endpoints, type Target } from "./targets.ts";
import { estimateTokens, noUsage } from "./tokens.ts";
import type { Connections } from "./connections.ts";

/** Vectors of texts. Each text is sent once: vectors are stored under its hash and reused. */
export interface Embeddings {
  /** One vector per text; null if the provider has no embeddings (Claude). */
  embed(provider: AIProvider, texts: readonly string[], asking: EmbeddingAsking): Promise<Embedded | null>;
}

/** What a call needs: a signal to stop it, whom to charge, and a listener for its cost. */
interface EmbeddingAsking extends Required<Pick<GenerateOptions, "signal" | "spent">> {
  /** Called with the estimated tokens before texts are sent; may refuse. */
  reserve: (provider: ProviderName, needed: Amount) => Promise<Reservation>;
}

export interface EmbeddingSources {
  providers: Providers;
  keysOf: KeysOf;
  endpoints: Endpoints;
  connections: Connections;
  now: () => number;
  /** Folder for the vectors; null: only in memory. */
  folder: string | null;
}

interface EmbeddingModel {
  model: string;
  /** Dollars per million tokens; null: unknown, because each host behind the router has its own price. */
  price: number | null;
}

/** Small models of each provider that are made for this; chat models have no embeddings. */
const models: Readonly<Record<ProviderName, EmbeddingModel | null>> = {
  Ollama: { model: "nomic-embed-text", price: 0 },
  Gemini: { model: "gemini-embedding-001", price: 0.15 },
  HuggingFace: { model: "BAAI/bge-small-en-v1.5", price: null },
  Claude: null,
  VSCode: null,
};

/** Texts of one request. Results are stored as they come, so that the next attempt has less to do. */
const BATCH = 16;
/** Longest text that is sent: the models read about 2,000 tokens at most. */
const TEXT_CHARACTERS = 8000;
const DEADLINE_MS = 60_000;
/** How long a model is not asked after it failed or took too long, so that no other stage waits for it. */
const REST_MS = 60_000;
/** A file that has grown beyond this starts over: texts that are still used come back soon. */
const FILE_BYTES = 64 * 1024 * 1024;

const hashOf = (text: string): string => hash("sha256", text);

const toLine = (hash: string, vector: Float32Array): string =>
  `${hash} ${Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength).toString("base64")}\n`;

const readLines = (text: string): Map<string, Float32Array> => {
  const vectors = new Map<string, Float32Array>();
  for (const line of text.split("\n")) {
    const [hash = "", data = ""] = line.split(" ");
    const bytes = Buffer.from(data, "base64");
    // After a crash, the last line may be cut: its hash or its floats are then incomplete.
    if (hash.length !== 64 || bytes.length === 0 || bytes.length % 4 !== 0) continue;
    vectors.set(hash, new Float32Array(new Uint8Array(bytes).buffer));
  }
  return vectors;
};

/** The vectors of one model: in memory, and in an append-only file. */
const shelfOf = async (path: string | null) => {
  let text = "";
  try {
    if (path !== null) text = await readFile(path, "utf8");
  } catch {
    // There is none yet.
  }
  if (path !== null && text.length > FILE_BYTES) {
    text = "";
    await rm(path, { force: true });
  }
  const vectors = readLines(text);
  return {
    get: (hash: string): Float32Array | null => vectors.get(hash) ?? null,
    add: async (added: ReadonlyMap<string, Float32Array>): Promise<void> => {
      for (const [hash, vector] of added) vectors.set(hash, vector);
      if (path === null) return;
      try {
        await mkdir(join(path, ".."), { recursive: true, mode: 0o700 });
        const lines = [...added].map(([hash, vector]) => toLine(hash, vector));
        await appendFile(path, lines.join(""), { mode: 0o600 });
      } catch {
        // A full disk prevents reuse after a restart, but not the ranking.
      }
    },
  };
};
type Shelf = Awaited<ReturnType<typeof shelfOf>>;

const askFor = async (
  target: Target,
  texts: readonly string[],
  signal: AbortSignal,
  sources: EmbeddingSources,
): Promise<number[][]> => {
  const provider = await sources.providers(target.provider);
  const [key = null] = await sources.keysOf(target);
  if (provider.needsKey && key === null) throw missingKey(target).error;
  const deadlines = { firstByte: DEADLINE_MS, silence: DEADLINE_MS, total: DEADLINE_MS };
  const { connections, now } = sources;
  return askOnce({ to: target, key, connections, deadlines, signal, now }, async (transport) => {
    const vectors = (await provider.embed?.({ to: target, key, transport }, texts)) ?? [];
    if (vectors.length !== texts.length) throw brokenAnswer(target, "not every text has a vector");
    return vectors;
  });
};

const askPaid = async (
  target: Target,
  price: number | null,
  texts: readonly string[],
  { signal, reserve, spent }: EmbeddingAsking,
  ask: typeof askFor,
  sources: EmbeddingSources,
): Promise<number[][]> => {
  const { provider, model } = target;
  // Services do not report what an embedding used.
  const tokens = texts.reduce((sum, text) => sum + estimateTokens(text), 0);
  const usage = { ...noUsage, input: tokens };
  const microcents = costOf(usage, price === null ? null : { ...free, input: price });
  const reservation = await reserve(provider, { tokens, microcents: microcents ?? 0 });
  let vectors: number[][];
  try {
    vectors = await ask(target, texts, signal, sources);
  } catch (error) {
    reservation.release();
    throw error;
  }
  await reservation.settle({ usage, microcents, assumedMicrocents: 0 });
  await spent({ usage, cost: dollarsOf(microcents), provider, model, reason: "embeddings" });
  return vectors;
};

/** The caller stopped waiting; a person's `cancelled` says nothing about the model. */
const isTimeOut = ({ aborted, reason }: AbortSignal): boolean =>
  aborted && reason instanceof DOMException && reason.name === "TimeoutError";

/** Like {@link askFor}, but a model that failed is not asked again for a while: its error is known. */
const askUnlessUnwell = ({ now }: Pick<EmbeddingSources, "now">): typeof askFor => {
  const unwell = new Map<string, { until: number; error: unknown }>();
  return async (target, texts, signal, sources) => {
    const name = `${target.provider} ${target.endpoint} ${target.model}`;
    const known = unwell.get(name);
    if (known !== undefined && now() < known.until) throw known.error;
    try {
      return await askFor(target, texts, signal, sources);
    } catch (thrown) {
      const tooSlow = unusableAnswer(target, "its embedding model took too long").error;
      const error = isTimeOut(signal) ? tooSlow : thrown;
      if (error === tooSlow || !signal.aborted) unwell.set(name, { until: now() + REST_MS, error });
      throw error;
    }
  };
};

export const openEmbeddings = (sources: EmbeddingSources): Embeddings => {
  const ask = askUnlessUnwell(sources);
  const shelves = new Map<string, Promise<Shelf>>();
  const shelfFor = (target: Target): Promise<Shelf> => {
    const name = hashOf(`${target.provider} ${target.endpoint} ${target.model}`).slice(0, 16);
    const path = sources.folder === null ? null : join(sources.folder, "embeddings", `${name}.txt`);
    const shelf = shelves.get(name) ?? shelfOf(path);
    shelves.set(name, shelf);
    return shelf;
  };
  return {
    embed: async (provider, texts, asking) => {
      const asked = targetOf(provider, sources.endpoints);
      const known = models[asked.provider];
      if (known === null) return null;
      const { model, price } = known;
      const target = { ...asked, model };
      const shelf = await shelfFor(target);
      const cut = texts.map((text) => text.slice(0, TEXT_CHARACTERS));
      const missing = new Map(cut.map((text) => [hashOf(text), text]));
      for (const hash of missing.keys()) if (shelf.get(hash) !== null) missing.delete(hash);
      const rest = [...missing];
      for (let from = 0; from < rest.length; from += BATCH) {
        const batch = rest.slice(from, from + BATCH);
        const missingTexts = batch.map(([, text]) => text);
        const vectors = await askPaid(target, price, missingTexts, asking, ask, sources);
        const added = new Map(
          batch.map(([hash], index) => [hash, Float32Array.from(vectors[index] ?? [])] as const),
        );
        await shelf.add(added);
      }
      const vectors = cut.map((text) => shelf.get(hashOf(text)) ?? new Float32Array());
      return { vectors, model };
    },
  };
};

/** Cosine of the angle between two vectors: 1 for the same direction, 0 for unrelated ones. */
export const similarity = (a: Float32Array, b: Float32Array): number => {
  let [dot, lengthA, lengthB] = [0, 0, 0];
  for (const [index, value] of a.entries()) {
    const other = b[index] ?? 0;
    dot += value * other;
    lengthA += value * value;
    lengthB += other * other;
  }
  return lengthA === 0 || lengthB === 0 ? 0 : dot / Math.sqrt(lengthA * lengthB);
};
