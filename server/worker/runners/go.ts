import { readFile } from "node:fs/promises";
import { dirname, join, posix } from "node:path";
import { z } from "zod";
import type { TestCase } from "../../../schemas/tests.ts";
import { readReport } from "./events.ts";
import { goFailure, isPanic } from "./failures.ts";
import { leftOutByGo } from "./left-out.ts";
import { nameSeparator } from "./names.ts";
import { foldersUp, textOf } from "./package.ts";
import { goFrames } from "./project-frames.ts";
import { filesBelow, reportFile, withOutputIn } from "./report-files.ts";
import {
  filesWithoutTests,
  noResults,
  type RunnerAdapter,
  type TestJob,
  type TestResults,
} from "./runner.ts";
import { exists } from "../../workspace/file-access.ts";

/** A line of `go test -json`; see `go doc test2json`. */
const GoEvent = z.object({
  Action: z.string(),
  Package: z.string().optional(),
  Test: z.string().optional(),
  Elapsed: z.number().optional(),
  Output: z.string().optional(),
});

const testFunction = /^func (Test\w*|Example\w*|Fuzz\w*)\(/gm;

/** Names of the test functions in a file. */
const functionsIn = async (folder: string, file: string): Promise<string[]> => {
  const text = await readFile(join(folder, file), "utf8").catch(() => "");
  return [...text.matchAll(testFunction)].map(([, name = ""]) => name);
};

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");

const selection = async ({ folder, files, name }: TestJob): Promise<string[]> => {
  const run =
    name === null ? [] : ["-run", escaped(name.split(nameSeparator)[0] ?? name).replaceAll(" ", "_")];
  if (files === null) return [...run, ...modulesOf(folder).map((module) => `./${join(module, "...")}`)];
  const functions = (await Promise.all(files.map((file) => functionsIn(folder, file)))).flat();
  const packages = [...new Set(files.map((file) => `./${dirname(file)}`))];
  return [...(name === null ? ["-run", `^(${functions.map(escaped).join("|")})$`] : run), ...packages];
};

/** Folders of the modules in `go.work`, relative to its folder. Without one, the folder itself is the module. */
const modulesOf = (folder: string): string[] => {
  const uses = [...textOf(folder, "go.work").matchAll(/^\s*use\s+(?:\(([^)]*)\)|(\S+))/gm)];
  const paths = uses.flatMap(([, block, single]) => single ?? (block ?? "").split("\n"));
  const named = paths.map((path) =>
    path
      .replace(/\/\/.*$/, "")
      .trim()
      .replaceAll('"', ""),
  );
  const modules = named.filter((path) => path !== "").map((path) => posix.normalize(path));
  return modules.length === 0 ? ["."] : modules;
};

/** The files of each package's test functions, because the report does not contain files. */
const placesOf = async (folder: string): Promise<Map<string, string>> => {
  const places = new Map<string, string>();
  for (const at of modulesOf(folder)) {
    const module = /^module\s+(\S+)/m.exec(textOf(join(folder, at), "go.mod"))?.[1] ?? "";
    for (const file of await filesBelow(join(folder, at), /_test\.go$/)) {
      const below = dirname(file);
      const path = below === "." ? module : `${module}/${below}`;
      for (const name of await functionsIn(join(folder, at), file))
        places.set(`${path} ${name}`, posix.join(at, file));
    }
  }
  return places;
};

/** Flags for Go. Go refuses `-mod=mod` in a workspace, and ignores vendored packages with it. */
const flagsFor = (folder: string): { GOFLAGS?: string } => {
  const isFixed =
    [...foldersUp(folder)].some((above) => exists(join(above, "go.work"))) ||
    exists(join(folder, "vendor", "modules.txt"));
  return isFixed ? {} : { GOFLAGS: "-mod=mod" };
};

/** Marks a package that was not built. The errors of the compiler are read separately. */
const notBuilt = /\[(?:build|setup) failed\]/;

/** A test with its package's name, and that of the test around it. */
interface NamedTest {
  id: string;
  parent: string;
  test: TestCase;
}

/** Go's own runner, `go test -json`. A test and its subtests are named as `Test > subtest`. */
export const go: RunnerAdapter = {
  launch: async (job) => {
    const flags = job.script.args.filter((word) => word.startsWith("-"));
    // Vet analyses every dependency again in each new instance. The whole suite runs with it.
    const vet = job.files === null || flags.some((flag) => /^--?vet\b/.test(flag)) ? [] : ["-vet=off"];
    const command = [job.program ?? "go", "test", "-json", ...vet, ...flags, ...(await selection(job))];
    return {
      command: withOutputIn(reportFile(job, "go.jsonl"), command),
      env: {
        ...flagsFor(job.folder),
        GOCACHE: process.env.GOCACHE ?? join(job.reportFolder, "..", "coditect-go-build"),
      },
    };
  },

  read: async (job, ended) => {
    const text = await readReport(reportFile(job, "go.jsonl"));
    if (text === null) return noResults(false);
    ended.output = "";
    const places = await placesOf(job.folder);
    const results: TestResults = noResults(false);
    const outputs = new Map<string, string>();
    const tests: NamedTest[] = [];
    const started = new Map<string, NamedTest>();
    const failWith = (test: TestCase, output: string): TestCase => {
      const message = goFrames(job.folder, output);
      return { ...test, status: "failed", message, failure: goFailure(output) };
    };
    const loose: string[] = [];
    const packages = new Map<string, { output: string; failed: boolean }>();
    for (const line of text.split("\n")) {
      const event = line.startsWith("{") ? GoEvent.parse(JSON.parse(line)) : null;
      if (event === null) {
        if (line !== "") loose.push(line);
        continue;
      }
      const { Action, Package = "", Test, Output = "", Elapsed } = event;
      if (Action === "output" || Action === "build-output") {
        ended.output += Output;
        if (Test === undefined && Action === "build-output") loose.push(Output.trimEnd());
      }
      if (Test === undefined) {
        const { output, failed } = packages.get(Package) ?? { output: "", failed: false };
        packages.set(Package, { output: output + Output, failed: failed || Action === "fail" });
        if (Action === "pass" || Action === "fail" || Action === "skip") results.complete = true;
        continue;
      }
      const id = `${Package} ${Test}`;
      if (Action === "output") outputs.set(id, (outputs.get(id) ?? "") + Output);
      if (Action !== "run" && Action !== "pass" && Action !== "fail" && Action !== "skip") continue;
      const [top = ""] = Test.split("/");
      const test: TestCase = {
        file: places.get(`${Package} ${top}`) ?? "",
        name: Test.split("/").join(nameSeparator),
        status: Action === "skip" ? "skipped" : "passed",
        duration_ms: Elapsed === undefined ? null : Elapsed * 1000,
        message: null,
      };
      const parent = `${Package} ${Test.slice(0, Math.max(0, Test.lastIndexOf("/")))}`;
      if (Action === "run") started.set(id, { id, parent, test });
      else started.delete(id);
      const output = outputs.get(id) ?? "";
      if (Action !== "run")
        tests.push({ id, parent, test: Action === "fail" ? failWith(test, output) : test });
    }
    // A panic outside of the test's own goroutine ends the program before the test does.
    for (const { id, parent, test } of started.values()) {
      const output = outputs.get(id) ?? "";
      if (isPanic(output)) tests.push({ id, parent, test: failWith(test, output) });
    }
    // If a test fails only because its subtest fails, it is not counted as a second failure.
    const failedParents = new Set(
      tests.filter(({ test }) => test.status === "failed").map(({ parent }) => parent),
    );
    results.tests = tests
      .filter(({ id, test }) => !(test.status === "failed" && failedParents.has(id)))
      .map(({ test }) => test);
    results.load_errors = buildErrors(loose);
    if (results.load_errors.length === 0)
      results.left_out = leftOutByGo(job.folder, filesWithoutTests(job, results));
    const failedTests = tests.flatMap(({ id, test }) => (test.status === "failed" ? [id] : []));
    for (const [name, { output, failed }] of packages)
      if (failed && !notBuilt.test(output) && !failedTests.some((id) => id.startsWith(`${name} `)))
        results.errors.push({ name: `${name} failed outside of its tests`, message: output });
    if (results.load_errors.length > 0) results.complete = true;
    ended.output = [...loose, ended.output].join("\n");
    return results;
  },
};

/** What Go prints of files in one folder that name different packages. */
const twoPackages = /^found packages \w+ \((\S+)\) and \w+ \((\S+)\) in (.+)$/;

/** Files that could not be compiled, each with the compiler's errors. */
const buildErrors = (lines: readonly string[]): TestResults["load_errors"] => {
  const errors = new Map<string, string[]>();
  for (const line of lines) {
    const [, first = "", second = "", at = ""] = twoPackages.exec(line) ?? [];
    if (at !== "") {
      const file = first.endsWith("_test.go") ? first : second;
      errors.set(join(at, file), [line]);
    }
    const file = /^(?:vet: )?(\S+\.go):\d+/.exec(line)?.[1];
    if (file !== undefined) errors.set(file, [...(errors.get(file) ?? []), line]);
  }
  return [...errors].map(([file, said]) => ({ file, message: said.join("\n") }));
};
