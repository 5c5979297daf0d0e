import { fork, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { WORKER_PROTOCOL_VERSION } from "../../schemas/worker.ts";
import { collectChanges } from "../../server/worker/copy/changes.ts";
import { privateCopy } from "../../server/worker/copy/copy.ts";
import { snapshotName } from "../../server/worker/snapshot.ts";
import { prepare } from "../../server/worker/copy/prepare.ts";
import { median, type Report } from "./report.ts";

const STARTS = 11;
const FILES = 10_000;
const FOLDERS = 400;
/** Four kilobytes, the median of source files in large repositories. */
const TEXT = "export const value = compute(left, right);\n".repeat(96);

const bundle = fileURLToPath(new URL("../../dist/worker.js", import.meta.url));
const snapshot = fileURLToPath(new URL(`../../dist/${snapshotName()}`, import.meta.url));

/** How fast a worker is there, and how fast it has its private copy. */
export default async function run(report: Report): Promise<void> {
  const place = realpathSync(mkdtempSync(join(tmpdir(), "bench-worker-")));
  try {
    if (existsSync(bundle)) await measureStart(report, place);
    await measureCopy(report, place);
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

async function measureStart({ report }: Report, place: string): Promise<void> {
  const empty = join(place, "empty.cjs");
  writeFileSync(empty, "process.send(0)");
  const start = existsSync(snapshot) ? ["--snapshot-blob", snapshot] : [bundle];
  const worker: number[] = [];
  const floor: number[] = [];
  for (let count = 0; count < STARTS; count += 1) {
    floor.push(await timeOfFork(empty));
    worker.push(await timeOfWorker(place, start));
  }
  const against = { name: "fork of an empty script", value: median(floor) };
  const value = median(worker);
  const goal = "under 2× the fork";
  report({
    name: "worker, start to initialized",
    value,
    unit: "ms",
    against,
    goal,
    holds: value < 2 * against.value,
  });
}

async function timeOfFork(script: string): Promise<number> {
  const started = performance.now();
  const child = fork(script);
  await once(child, "message");
  const ready = performance.now() - started;
  await once(child, "exit");
  return ready;
}

async function timeOfWorker(place: string, start: string[]): Promise<number> {
  const params = {
    protocol_version: WORKER_PROTOCOL_VERSION,
    instance_id: crypto.randomUUID(),
    source: place,
    copy: join(place, "start"),
    allowed_commands: [],
    command_timeout_seconds: 1,
    output_bytes: 1024,
  };
  const request = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "worker/initialize", params });
  const started = performance.now();
  const child = spawn(process.execPath, start, { stdio: ["pipe", "pipe", "inherit"] });
  child.stdin.write(`Content-Length: ${Buffer.byteLength(request)}\r\n\r\n${request}`);
  await once(child.stdout, "data");
  const ready = performance.now() - started;
  child.stdin.end();
  await once(child, "exit");
  return ready;
}

async function measureCopy({ report }: Report, place: string): Promise<void> {
  const source = join(place, "source");
  for (let folder = 0; folder < FOLDERS; folder += 1)
    mkdirSync(join(source, `f${folder}`), { recursive: true });
  for (let file = 0; file < FILES; file += 1)
    writeFileSync(join(source, `f${file % FOLDERS}/${file}.ts`), TEXT);
  const floorStarted = performance.now();
  cpSync(source, join(place, "floor"), { recursive: true });
  const against = { name: "fs.cpSync of the same folder", value: performance.now() - floorStarted };
  const { signal } = new AbortController();
  const refresh = async (): Promise<number> => {
    const started = performance.now();
    await prepare(copy, { overlays: [], changes: [] }, signal);
    return performance.now() - started;
  };
  let copy = privateCopy(source, join(place, "copy"));
  const first = await refresh();
  const again: number[] = [];
  for (let count = 0; count < 5; count += 1) again.push(await refresh());
  copy = privateCopy(source, join(place, "copy"));
  const restarted = await refresh();
  const compareStarted = performance.now();
  await collectChanges(copy, "none", signal);
  const compared = performance.now() - compareStarted;
  const files = FILES.toLocaleString("en");
  const figure = (name: string, value: number, most: number): void => {
    report({ name, value, unit: "ms", against, goal: `under ${most} ms`, holds: value < most });
  };
  figure(`private copy of ${files} files`, first, 1000);
  figure(`private copy of ${files} files, second time`, median(again), 100);
  figure(`private copy of ${files} files, by a new worker`, restarted, 200);
  figure(`changes of ${files} files`, compared, 100);
}
