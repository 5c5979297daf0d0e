import { parentPort, workerData } from "node:worker_threads";
import { nodeFiles } from "./files.ts";
import { fold, FoldRequest } from "./fold.ts";

/** The thread that folds: a bundle of its own, because a thread begins with a file. */
const run = async (): Promise<void> => {
  parentPort?.postMessage(await fold(nodeFiles, FoldRequest.parse(workerData)));
};
void run();
