import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { snapshotName } from "./snapshot.ts";

/** How a worker process is started: program and arguments; `dist/worker.js` in production. */
export interface WorkerEntry {
  command: string;
  args: readonly string[];
  /** A V8 snapshot of the same program that `command` can start from, and nothing else can. */
  snapshot?: string | null;
}

const isBundled = !import.meta.url.endsWith(".ts");
/** The bundle is in `dist/`, this source in `server/platform/`. */
const root = fileURLToPath(new URL(isBundled ? ".." : "../..", import.meta.url));

/** Absolute path of something that ships with the product, such as `media/sample`. */
export const shippedPath = (...parts: string[]): string => join(root, ...parts);

let known: string | null = null;

/** The product's version, as package.json has it; read once. */
export const version = (): string =>
  (known ??= z
    .object({ version: z.string() })
    .parse(JSON.parse(readFileSync(shippedPath("package.json"), "utf8"))).version);

/** How a worker starts from the built product. */
export const builtWorker = (): WorkerEntry => {
  const snapshot = shippedPath("dist", snapshotName());
  // The editor's own Node cannot start from a snapshot.
  const hasSnapshot = process.versions.electron === undefined && existsSync(snapshot);
  return {
    command: process.execPath,
    args: [shippedPath("dist", "worker.js")],
    snapshot: hasSnapshot ? snapshot : null,
  };
};

/** How this installation starts a worker process. */
export const workerEntry = (): WorkerEntry =>
  isBundled
    ? builtWorker()
    : { command: process.execPath, args: [shippedPath("server", "worker", "main.ts")], snapshot: null };
