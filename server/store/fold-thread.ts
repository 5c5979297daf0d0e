import { parentPort } from "node:worker_threads";
import { nodeFiles } from "./files.ts";
import { fold, FoldRequest } from "./fold.ts";

/** The thread that folds, one request at a time. It has its own bundle, because a thread starts from a file. */
parentPort?.on("message", (request) => {
  void fold(nodeFiles, FoldRequest.parse(request)).then((seal) => parentPort?.postMessage(seal));
});
