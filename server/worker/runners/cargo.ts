import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import type { TestCase } from "../../../schemas/tests.ts";
import { readReport } from "./events.ts";
import { readJUnit, type JUnitCase } from "./junit.ts";
import { nameSeparator } from "./names.ts";
import { reportFile, withOutputIn } from "./report-files.ts";
import { noResults, type RunnerAdapter, type TestJob, type TestResults } from "./runner.ts";
import { testCase } from "./test-case.ts";

const running = /^\s+Running (?:unittests )?(\S+\.rs) \(/;
const verdict = /^test (.+?)(?: - should panic)? \.\.\. (ok|FAILED|ignored)/;
const statuses: Readonly<Record<string, TestCase["status"]>> = {
  ok: "passed",
  FAILED: "failed",
  ignored: "skipped",
};

/** Integration tests can be chosen by their file; unit tests stand in sources, so all of them run. */
const selection = ({ files }: TestJob): string[] => {
  const isOuter = (file: string): boolean => /^tests\/[^/]+\.rs$/.test(file);
  if (!files?.every(isOuter)) return [];
  return files.flatMap((file) => ["--test", basename(file, ".rs")]);
};

/** The file of a unit test, from its module's path: `cart::tests::adds` is in `src/cart.rs`. */
const fileOf = (folder: string, target: string, name: string): string => {
  if (!/(^|\/)src\//.test(target)) return target;
  const source = target.slice(0, target.lastIndexOf("/"));
  const modules = name.split("::").slice(0, -1);
  for (let depth = modules.length; depth > 0; depth -= 1) {
    const path = [source, ...modules.slice(0, depth)].join("/");
    for (const file of [`${path}.rs`, `${path}/mod.rs`]) if (existsSync(join(folder, file))) return file;
  }
  return target;
};

/**
 * Rust's own runner. Its machine-readable report is not stable, so this reads what `cargo test`
 * prints, whose form Rust keeps.
 */
export const cargo: RunnerAdapter = {
  launch: (job) => {
    const flags = job.script.args.filter((word) => word.startsWith("-"));
    const name = job.name === null ? [] : [job.name.split(nameSeparator).join("::")];
    const command = [job.program ?? "cargo", "test", "--no-fail-fast", "--color=never", ...flags];
    return Promise.resolve({
      command: withOutputIn(reportFile(job, "cargo.txt"), [...command, ...selection(job), ...name]),
      env: { CARGO_NET_OFFLINE: "true", RUST_BACKTRACE: "0", CARGO_TERM_PROGRESS_WHEN: "never" },
    });
  },

  read: async (job, ended) => {
    const text = await readReport(reportFile(job, "cargo.txt"));
    if (text === null) return noResults(false);
    ended.output = text;
    const results: TestResults = noResults(false);
    const messages = new Map<string, string>();
    let target = "";
    let failing: string | null = null;
    for (const line of text.split("\n")) {
      target = running.exec(line)?.[1] ?? (line.includes("Doc-tests ") ? "" : target);
      const [, name, word = ""] = verdict.exec(line) ?? [];
      const status = statuses[word];
      if (name !== undefined && status !== undefined) {
        const file = fileOf(job.folder, target, name);
        results.tests.push({
          file,
          name: name.split("::").join(nameSeparator),
          status,
          duration_ms: null,
          message: null,
        });
      }
      if (line.startsWith("test result: ")) results.complete = true;
      const block = /^---- (.+?)(?: stdout)? ----$/.exec(line)?.[1];
      if (block !== undefined) failing = `${target} ${block.split("::").join(nameSeparator)}`;
      else if (line === "failures:") failing = null;
      else if (failing !== null) messages.set(failing, `${messages.get(failing) ?? ""}${line}\n`);
    }
    for (const test of results.tests) {
      if (test.status !== "failed") continue;
      test.message = [...messages].find(([key]) => key.endsWith(` ${test.name}`))?.[1] ?? "";
    }
    results.load_errors = compileErrors(text);
    if (results.load_errors.length > 0) results.complete = true;
    return results;
  },
};

/** A tool's configuration of nextest: lower than the project's own, and absolute. */
const nextestReport = (job: TestJob): string => `[profile.default.junit]
path = ${JSON.stringify(reportFile(job))}
`;

/** nextest, where the project has a configuration of it and it is installed; its report is JUnit's. */
export const nextest: RunnerAdapter = {
  launch: async (job) => {
    const configuration = reportFile(job, "nextest.toml");
    await writeFile(configuration, nextestReport(job));
    const flags = job.script.args.filter((word) => word.startsWith("-"));
    const name = job.name === null ? [] : [job.name.split(nameSeparator).join("::")];
    return {
      command: [
        ...[job.program ?? "cargo", "nextest", "run", "--no-fail-fast", "--color=never", "--no-tests=pass"],
        ...["--tool-config-file", `coditect:${configuration}`, ...flags, ...selection(job), ...name],
      ],
      env: { CARGO_NET_OFFLINE: "true", RUST_BACKTRACE: "0", CARGO_TERM_PROGRESS_WHEN: "never" },
    };
  },
  read: async (job, ended) => {
    const xml = await readReport(reportFile(job));
    if (xml === null) {
      const load_errors = compileErrors(ended.output);
      return { ...noResults(load_errors.length > 0), load_errors };
    }
    const tests = readJUnit(xml).map((test) =>
      testCase(test, test.name.split("::").join(nameSeparator), nextestFile(job.folder, test)),
    );
    return { ...noResults(true), tests };
  },
};

/** nextest names a binary `package::target`, and `package` alone for the unit tests of the library. */
const nextestFile = (folder: string, { classname, name }: JUnitCase): string => {
  const [, target] = classname.split("::");
  const outer = `tests/${target ?? ""}.rs`;
  if (target !== undefined && existsSync(join(folder, outer))) return outer;
  return fileOf(folder, existsSync(join(folder, "src/lib.rs")) ? "src/lib.rs" : "src/main.rs", name);
};

/** Files the compiler refused, each with what it said. */
const compileErrors = (text: string): TestResults["load_errors"] => {
  const errors = new Map<string, string[]>();
  for (const [block] of text.matchAll(/^error(\[E\d+\])?: [^]*?(?=^(error|warning)|(?![^]))/gm)) {
    const file = /^\s*--> ([^:\n]+\.rs):\d+/m.exec(block)?.[1];
    if (file !== undefined) errors.set(file, [...(errors.get(file) ?? []), block.trim()]);
  }
  return [...errors].map(([file, said]) => ({ file, message: said.join("\n\n") }));
};
