import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { collectContext } from "../../server/context/collect-context.ts";
import { runTests } from "../../server/worker/runners/run-tests.ts";
import { measureDefinitions } from "./context/definitions.ts";
import { median, type Report } from "./report.ts";

const TIMES = 9;
const FILES_PER_FOLDER = 50;

const fixture = fileURLToPath(new URL("../fixtures/projects/node-test/project", import.meta.url));
const signal = new AbortController().signal;

/** How long it takes to collect a task's context, and what reading a runner's report costs. */
export default async function run(report: Report): Promise<void> {
  const place = realpathSync(mkdtempSync(join(tmpdir(), "bench-context-")));
  try {
    await measureContext(report, place, 500, "under 50 ms, warm", 50);
    await measureContext(report, place, 20_000, "under 500 ms, warm", 500);
    await measureRunner(report, place);
    await measureDefinitions(report);
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

/** A project of that many modules, each importing its neighbour, a test beside every tenth. */
const makeProject = (root: string, files: number): void => {
  writeFileSync(join(mkdirs(root), "package.json"), '{ "name": "bench", "type": "module" }\n');
  for (let index = 0; index < files; index += 1) {
    const folder = mkdirs(join(root, "src", `part${Math.floor(index / FILES_PER_FOLDER)}`));
    const neighbour = `./module${index - (index % FILES_PER_FOLDER)}.js`;
    const text = `import { value } from "${neighbour}";\nexport const next = value + 1;\n`.repeat(30);
    writeFileSync(join(folder, `module${index}${index % 10 === 9 ? ".test" : ""}.ts`), text);
  }
};

const mkdirs = (folder: string): string => {
  mkdirSync(folder, { recursive: true });
  return folder;
};

/** Listing every folder of a tree, which whoever looks for importers cannot do without. */
const timeOfListing = (root: string): number => timed(() => readdirSync(root, { recursive: true }));

const timed = (work: () => unknown): number => {
  const started = performance.now();
  work();
  return performance.now() - started;
};

const measureContext = async (
  { report }: Report,
  place: string,
  files: number,
  goal: string,
  limit: number,
): Promise<void> => {
  const workspace = join(place, `files-${files}`);
  makeProject(workspace, files);
  const times: number[] = [];
  const floor: number[] = [];
  for (let count = 0; count < TIMES; count += 1) {
    floor.push(timeOfListing(workspace));
    const started = performance.now();
    const request = {
      workspace,
      file: "src/part1/module50.ts",
      overlays: [],
      budgetTokens: 12_000,
      instructionFiles: ["AGENTS.md"],
    };
    await collectContext({ ...request, likeness: null, signal });
    times.push(performance.now() - started);
  }
  const value = median(times);
  const against = { name: "listing the folders", value: median(floor) };
  const name = `context of a file, workspace of ${files.toLocaleString("en")}`;
  report({ name, value, unit: "ms", against, goal, holds: value < limit });
};

const measureRunner = async ({ report }: Report, place: string): Promise<void> => {
  const workspace = join(place, "runner");
  cpSync(fixture, workspace, { recursive: true });
  const request = { files: null, name: null, coverage: false, command: null, timeout_seconds: 60 };
  const times: number[] = [];
  const floor: number[] = [];
  for (let count = 0; count < TIMES; count += 1) {
    floor.push(timed(() => spawnSync(process.execPath, ["--test"], { cwd: workspace })));
    const started = performance.now();
    await runTests(workspace, request, signal);
    times.push(performance.now() - started);
  }
  const value = median(times);
  const against = { name: "node --test", value: median(floor) };
  const goal = "under 1.2× the bare runner";
  report({
    name: "test run with its report read",
    value,
    unit: "ms",
    against,
    goal,
    holds: value < 1.2 * against.value,
  });
};
