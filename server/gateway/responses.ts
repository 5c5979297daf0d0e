import { hash } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { ProviderName } from "../../schemas/agent.ts";
import { AssistantMessage, StopReason, TokenUsage } from "../../schemas/messages.ts";
import type { ModelAnswer, ModelRequest } from "./gateway.ts";
import type { Target } from "./targets.ts";
import { cancelled, orAborted } from "./waiting.ts";

/**
 * Complete answers to requests at temperature 0, by an exact hash of everything in the request.
 * Bounded in memory and on disk; two identical requests at the same time are sent once.
 */
export interface Responses {
  /**
   * The known answer, or the result of `ask`. A hit has `cached: true` and costs nothing; its usage is
   * the original one, which shows how long the conversation is. An answer of another provider than the
   * target is not kept for the target.
   */
  answer(question: Question, ask: () => Promise<ModelAnswer>): Promise<ModelAnswer>;
  /** Resolves when everything is on disk: it is written after the answers are returned. */
  flush(): Promise<void>;
}

interface Question {
  request: ModelRequest;
  tenantId: string;
  target: Target;
  signal: AbortSignal;
}

const StoredAnswer = z.strictObject({
  message: AssistantMessage,
  stop_reason: StopReason,
  usage: TokenUsage,
  provider: ProviderName,
  model: z.string(),
});

const MEMORY_BYTES = 32 * 1024 * 1024;
const DISK_BYTES = 256 * 1024 * 1024;
/** The share of the bound that may be written before the folder is measured again. */
const UNMEASURED_SHARE = 1 / 16;

/** The hash of a request, over tenant, provider, model, messages, tools and parameters. */
const keyOf = ({ request, tenantId, target: { provider, endpoint, model } }: Question): string =>
  hash("sha256", JSON.stringify([tenantId, provider, endpoint, model, request]));

const isKept = ({ stop_reason, provider, model }: ModelAnswer, { target }: Question): boolean =>
  (stop_reason === "end" || stop_reason === "tool_calls") &&
  provider === target.provider &&
  model === target.model;

/** Answers as JSON; the least recently used ones are removed first. */
const memoryOf = (limit: number) => {
  const texts = new Map<string, string>();
  let bytes = 0;
  const remove = (key: string): void => {
    bytes -= texts.get(key)?.length ?? 0;
    texts.delete(key);
  };
  return {
    get: (key: string): string | null => {
      const text = texts.get(key);
      if (text === undefined) return null;
      texts.delete(key);
      texts.set(key, text);
      return text;
    },
    put: (key: string, text: string): void => {
      if (text.length > limit / 4) return;
      remove(key);
      texts.set(key, text);
      bytes += text.length;
      for (const oldest of texts.keys()) {
        if (bytes <= limit) return;
        remove(oldest);
      }
    },
  };
};

/** One file per answer. If the disk refuses, it is a miss, never an error: this is only a cache. */
const diskOf = (folder: string, limit: number) => {
  let unmeasured = Infinity;
  const pathOf = (key: string): string => join(folder, `${key}.json`);

  const shrink = async (): Promise<void> => {
    const names = (await readdir(folder)).filter((name) => name.endsWith(".json"));
    const files = await Promise.all(
      names.map(async (name) => {
        const { size, mtimeMs } = await stat(join(folder, name));
        return { name, size, mtimeMs };
      }),
    );
    let total = files.reduce((sum, { size }) => sum + size, 0);
    for (const { name, size } of files.sort((a, b) => a.mtimeMs - b.mtimeMs)) {
      if (total <= limit) break;
      await rm(join(folder, name), { force: true });
      total -= size;
    }
    unmeasured = 0;
  };

  return {
    get: async (key: string): Promise<string | null> => {
      try {
        const text = await readFile(pathOf(key), "utf8");
        const now = new Date();
        await utimes(pathOf(key), now, now);
        return text;
      } catch {
        return null;
      }
    },
    put: async (key: string, text: string): Promise<void> => {
      try {
        await mkdir(folder, { recursive: true, mode: 0o700 });
        const temporary = `${pathOf(key)}.${process.pid}.new`;
        await writeFile(temporary, text, { mode: 0o600 });
        await rename(temporary, pathOf(key));
        unmeasured += text.length;
        if (unmeasured > limit * UNMEASURED_SHARE) await shrink();
      } catch {
        // A full or read-only disk costs the cache, but not the run.
      }
    },
  };
};

export interface ResponseLimits {
  memoryBytes: number;
  diskBytes: number;
}

export const openResponses = (
  folder: string | null,
  limits: ResponseLimits = { memoryBytes: MEMORY_BYTES, diskBytes: DISK_BYTES },
): Responses => {
  const memory = memoryOf(limits.memoryBytes);
  const disk = folder === null ? null : diskOf(folder, limits.diskBytes);
  const underWay = new Map<string, Promise<string | null>>();
  /** One write at a time: two would each make room for the other. */
  let written: Promise<void> = Promise.resolve();

  const read = (text: string): ModelAnswer | null => {
    try {
      const stored = StoredAnswer.safeParse(JSON.parse(text));
      if (!stored.success) return null;
      return { ...stored.data, cost: 0, cached: true, duration_ms: 0 };
    } catch {
      return null;
    }
  };
  const find = async (key: string): Promise<ModelAnswer | null> => {
    const known = memory.get(key);
    if (known !== null) return read(known);
    const stored = (await disk?.get(key)) ?? null;
    const answer = stored === null ? null : read(stored);
    if (answer !== null && stored !== null) memory.put(key, stored);
    return answer;
  };
  const keep = (key: string, answer: ModelAnswer): string => {
    const { message, stop_reason, usage, provider, model } = answer;
    const text = JSON.stringify({ message, stop_reason, usage, provider, model });
    memory.put(key, text);
    written = written.then(() => disk?.put(key, text));
    return text;
  };

  return {
    flush: () => written,
    answer: async (question, ask) => {
      const { signal } = question;
      const key = keyOf(question);
      for (;;) {
        if (signal.aborted) throw cancelled();
        const other = underWay.get(key);
        if (other === undefined) break;
        // The request may fail or be cancelled; then the next caller that waits sends it.
        const text = await orAborted(other, signal);
        const answer = text === null ? null : read(text);
        if (answer !== null) return answer;
      }
      const { promise, resolve } = Promise.withResolvers<string | null>();
      underWay.set(key, promise);
      let text: string | null = null;
      try {
        const known = await find(key);
        if (known !== null) {
          text = memory.get(key);
          return known;
        }
        const answer = await ask();
        if (isKept(answer, question)) text = keep(key, answer);
        return answer;
      } finally {
        underWay.delete(key);
        resolve(text);
      }
    },
  };
};
