import { once } from "node:events";
import type { Worker } from "node:worker_threads";
import { nodeFiles } from "./files.ts";
import { fold, type FoldRequest } from "./fold.ts";
import { StateSeal } from "./journal-format.ts";

/** Up to this size, folding takes less time than starting a thread. It yields to other work. */
const SMALL = 2 << 20;
/** Starting the thread takes longer than most folds, so it is kept for the next one. */
const KEPT_MS = 5000;

/** Folds journals. */
export interface Folding {
  /** Folds one journal at a time. */
  fold: (request: FoldRequest) => Promise<StateSeal>;
  close: () => Promise<void>;
}

/** Folds small journals in this thread and large ones in another. */
export const openFolding = (): Folding => {
  let thread: Worker | null = null;
  let idle: NodeJS.Timeout | undefined;

  const close = async (): Promise<void> => {
    clearTimeout(idle);
    const ended = thread;
    thread = null;
    await ended?.terminate();
  };

  const foldInThread = async (request: FoldRequest): Promise<StateSeal> => {
    clearTimeout(idle);
    thread ??= await startThread();
    try {
      return await ask(thread, request);
    } catch (error) {
      await close();
      throw error;
    } finally {
      idle = setTimeout(() => void close(), KEPT_MS).unref();
    }
  };

  return {
    fold: (request) => {
      const journal = request.segments.reduce((sum, { bytes }) => sum + bytes, 0);
      const isSmall = journal + (request.stateBytes ?? 0) <= SMALL;
      return isSmall ? fold(nodeFiles, request) : foldInThread(request);
    },
    close,
  };
};

const startThread = async (): Promise<Worker> => {
  // Loaded only here, because it takes Node five milliseconds and few runs fold this much.
  const { Worker } = await import("node:worker_threads");
  // In a bundle, the thread's file is next to this one. From source, it is the module itself.
  const entry = import.meta.url.endsWith(".ts") ? "./fold-thread.ts" : "./fold.js";
  return new Worker(new URL(entry, import.meta.url));
};

/** Rejects if the thread fails or ends instead of answering. */
const ask = async (thread: Worker, request: FoldRequest): Promise<StateSeal> => {
  const answered = new AbortController();
  const { signal } = answered;
  const answer = once(thread, "message", { signal });
  const end = once(thread, "exit", { signal }).then(([code]) => {
    throw new Error(`the folding thread ended with ${code}`);
  });
  thread.ref();
  thread.postMessage(request);
  try {
    const [seal] = (await Promise.race([answer, end])) as unknown[];
    return StateSeal.parse(seal);
  } finally {
    thread.unref();
    answered.abort();
    await Promise.allSettled([answer, end]);
  }
};
