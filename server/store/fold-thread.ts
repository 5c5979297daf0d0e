import { parentPort } from "node:worker_threads";
import { nodeFiles } from "./files.ts";
import { fold, FoldRequest } from "./fold.ts";

/** The thread that folds, one request after the other: a bundle of its own, because a thread begins with a file. */
parentPort?.on("message", (request) => {
  void fold(nodeFiles, FoldRequest.parse(request)).then((seal) => parentPort?.postMessage(seal));
});
