import { execFileSync, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { WORKER_PROTOCOL_VERSION } from "../../schemas/worker.ts";
import { folderBytes } from "../../server/instances/instance/watch.ts";
import { collectChanges } from "../../server/worker/copy/changes.ts";
import { privateCopy } from "../../server/worker/copy/copy.ts";
import { snapshotName } from "../../server/platform/snapshot.ts";
import { prepare } from "../../server/worker/copy/prepare.ts";
import { median, type Report } from "./report.ts";

const STARTS = 11;
const FILES = 10_000;
const MONOREPO = 100_000;
const FILES_PER_FOLDER = 25;
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
    await measureLargeCopy(report, place);
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

const measureStart = async ({ report }: Report, place: string): Promise<void> => {
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
};

const timeOfFork = async (script: string): Promise<number> => {
  const started = performance.now();
  const child = fork(script);
  await once(child, "message");
  const ready = performance.now() - started;
  await once(child, "exit");
  return ready;
};

const timeOfWorker = async (place: string, start: string[]): Promise<number> => {
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
};

/** A workspace of that many files. */
const makeSource = (source: string, files: number): void => {
  const folders = files / FILES_PER_FOLDER;
  for (let folder = 0; folder < folders; folder += 1)
    mkdirSync(join(source, `f${folder}`), { recursive: true });
  for (let file = 0; file < files; file += 1)
    writeFileSync(join(source, `f${file % folders}/${file}.ts`), TEXT);
};

const timed = async (work: () => unknown): Promise<number> => {
  const started = performance.now();
  await work();
  return performance.now() - started;
};

/** What else makes a second folder of the same files. */
const reportOthers = async (
  { report }: Report,
  place: string,
  source: string,
  files: string,
): Promise<void> => {
  const git = (...args: string[]): void => {
    execFileSync(
      "git",
      ["-C", source, "-c", "user.name=bench", "-c", "user.email=bench@localhost", ...args],
      {
        stdio: "ignore",
      },
    );
  };
  const copied = await timed(() => execFileSync("cp", ["-a", source, join(place, "copied")]));
  git("init");
  git("add", ".");
  git("commit", "-m", "All files");
  const tree = await timed(() => {
    git("worktree", "add", "--detach", join(place, "tree"));
  });
  rmSync(join(source, ".git"), { recursive: true });
  const others = [
    ["cp -a", copied],
    ["git worktree add", tree],
  ] as const;
  for (const [name, value] of others)
    report({ name: `${name} of ${files} files`, value, unit: "ms", against: null, goal: "", holds: null });
};

const measureCopy = async ({ report }: Report, place: string): Promise<void> => {
  const files = FILES.toLocaleString("en");
  const source = join(place, "source");
  makeSource(source, FILES);
  const floor = await timed(() => {
    cpSync(source, join(place, "floor"), { recursive: true });
  });
  const against = { name: "fs.cpSync of the same folder", value: floor };
  const { signal } = new AbortController();
  let copy = privateCopy(source, join(place, "copy"));
  const refresh = (): Promise<number> => timed(() => prepare(copy, { overlays: [], changes: [] }, signal));
  const first = await refresh();
  const again: number[] = [];
  for (let count = 0; count < 5; count += 1) again.push(await refresh());
  copy = privateCopy(source, join(place, "copy"));
  const restarted = await refresh();
  const compared = await timed(() => collectChanges(copy, "none", signal));
  const figure = (name: string, value: number, most: number): void => {
    report({ name, value, unit: "ms", against, goal: `under ${most} ms`, holds: value < most });
  };
  figure(`private copy of ${files} files`, first, 1000);
  figure(`private copy of ${files} files, second time`, median(again), 100);
  figure(`private copy of ${files} files, by a new worker`, restarted, 200);
  figure(`changes of ${files} files`, compared, 100);
  await reportOthers({ report }, place, source, files);
};

/** A monorepo: what it takes to have a copy of all of it, and what the copy costs on disk. */
const measureLargeCopy = async ({ report }: Report, place: string): Promise<void> => {
  const files = MONOREPO.toLocaleString("en");
  const source = join(place, "monorepo");
  makeSource(source, MONOREPO);
  const floor = await timed(() => {
    cpSync(source, join(place, "large-floor"), { recursive: true });
  });
  const against = { name: "fs.cpSync of the same folder", value: floor };
  const { signal } = new AbortController();
  const copy = privateCopy(source, join(place, "large-copy"));
  const refresh = (): Promise<number> => timed(() => prepare(copy, { overlays: [], changes: [] }, signal));
  const first = await refresh();
  const again = await refresh();
  const name = `private copy of ${files} files`;
  report({ name, value: first, unit: "ms", against, goal: "under 5,000 ms", holds: first < 5000 });
  report({ name: `${name}, second time`, value: again, unit: "ms", against, goal: "", holds: null });
  const megabytes = (await folderBytes(copy.root)) / 1024 ** 2;
  report({ name: `${name}, on disk`, value: megabytes, unit: "MB", against: null, goal: "", holds: null });
};
