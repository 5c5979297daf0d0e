import { Worker } from "node:worker_threads";
import { nodeFiles } from "./files.ts";
import { fold, type FoldRequest } from "./fold.ts";
import { StateSeal } from "./journal-format.ts";

/** Up to here folding takes less time than starting a thread, and yields to other work. */
const SMALL = 2 << 20;

/** Folds off the main thread. */
export const startFold = (request: FoldRequest): Promise<StateSeal> => {
  const bytes = request.segments.reduce((sum, segment) => sum + segment.bytes, request.stateBytes ?? 0);
  return bytes <= SMALL ? fold(nodeFiles, request) : foldInThread(request);
};

const foldInThread = (request: FoldRequest): Promise<StateSeal> =>
  new Promise((resolve, reject) => {
    // Bundled, the thread's file lies beside ours; from source it is the module's own.
    const entry = import.meta.url.endsWith(".ts") ? "./fold-thread.ts" : "./fold.js";
    const worker = new Worker(new URL(entry, import.meta.url), { workerData: request });
    worker.once("message", (seal) => {
      resolve(StateSeal.parse(seal));
    });
    worker.once("error", reject);
    worker.once("exit", (code) => {
      reject(new Error(`the folding thread ended with ${code}`));
    });
  });
