import { writeFile } from "node:fs/promises";
import { basename, dirname, join, posix } from "node:path";
import type { TestCase } from "../../../schemas/tests.ts";
import { readReport } from "./events.ts";
import { rustFailure } from "./failures.ts";
import { readJUnit, type JUnitCase } from "./junit.ts";
import { leftOutByCargo } from "./left-out.ts";
import { nameSeparator } from "./names.ts";
import { textOf } from "./package.ts";
import { filesBelow, reportFile, withOutputIn } from "./report-files.ts";
import {
  filesWithoutTests,
  noResults,
  type RunnerAdapter,
  type TestJob,
  type TestResults,
} from "./runner.ts";
import { testCase } from "./test-case.ts";
import { exists } from "../../workspace/file-access.ts";

const running = /^\s+Running (?:unittests )?(\S+\.rs) \((?:.*[\\/])?(\w+)-[0-9a-f]+/;
const verdict = /^test (.+?)(?: - should panic)? \.\.\. (ok|FAILED|ignored)/;
const statuses: Readonly<Record<string, TestCase["status"]>> = {
  ok: "passed",
  FAILED: "failed",
  ignored: "skipped",
};

/** Arguments that select tests. Integration tests have their own files. Unit tests are in sources, so all run. */
const selection = ({ files }: TestJob): string[] => {
  const isOuter = (file: string): boolean => /^tests\/[^/]+\.rs$/.test(file);
  if (!files?.every(isOuter)) return [];
  return files.flatMap((file) => ["--test", basename(file, ".rs")]);
};

/** A package of a workspace. */
interface Member {
  /** The path relative to the workspace; "." for the workspace itself. */
  folder: string;
  /** Names of its crates, as Rust writes them. */
  crates: string[];
}

const isWorkspace = (folder: string): boolean => /^\[workspace\]/m.test(textOf(folder, "Cargo.toml"));

/** The packages of a workspace, or the one package of a folder. */
const membersOf = async (folder: string): Promise<Member[]> => {
  if (!isWorkspace(folder)) return [{ folder: ".", crates: [] }];
  const manifests = await filesBelow(folder, /^(?!target\/)(?:.*\/)?Cargo\.toml$/);
  return manifests.map((path) => ({
    folder: dirname(path),
    crates: [...textOf(folder, path).matchAll(/^name\s*=\s*["']([^"']+)["']/gm)].map(([, name = ""]) =>
      name.replaceAll("-", "_"),
    ),
  }));
};

/**
 * The file of a target, which Cargo names relative to its package and not to the workspace. If several packages have
 * such a file, the crate decides, or else `last`, the package of the previous target.
 */
const targetIn = (
  root: string,
  members: readonly Member[],
  [path, crate]: readonly [path: string, crate: string],
  last: Member | undefined,
): { path: string; member: Member | undefined } => {
  const holding = members.filter(({ folder }) => exists(join(root, folder, path)));
  const member =
    holding.find(({ crates }) => crates.includes(crate)) ??
    holding.find((each) => each === last) ??
    holding[0];
  return { path: member === undefined ? path : posix.join(member.folder, path), member };
};

/** A documentation test. Its line number is not part of the name, because it changes with every line above. */
const docTest = /^(\S+\.rs) - (.*?)\s*\(line \d+\)(?: - compile(?: fail)?)?$/;

/** The file of a documentation test. rustdoc names it relative to the workspace, wherever Cargo was started. */
const docFile = (folder: string, path: string): string => {
  const parts = path.split("/");
  const inFolder = parts.map((_, index) => parts.slice(index).join("/"));
  return inFolder.find((each) => exists(join(folder, each))) ?? path;
};

/** The file of a unit test, from the path of its module. For example, `cart::tests::adds` is in `src/cart.rs`. */
const fileOf = (folder: string, target: string, name: string): string => {
  const source = target.slice(0, target.lastIndexOf("/"));
  const modules = name.split("::").slice(0, -1);
  // Next to an integration test, a file can be another one with the name of a module in this one.
  const isOuter = !/(^|\/)src\//.test(target);
  if (isOuter && !new RegExp(`\\bmod\\s+${modules[0] ?? ""}\\s*;`).test(textOf(folder, target)))
    return target;
  for (let depth = modules.length; depth > 0; depth -= 1) {
    const path = [source, ...modules.slice(0, depth)].join("/");
    for (const file of [`${path}.rs`, `${path}/mod.rs`]) if (exists(join(folder, file))) return file;
  }
  return target;
};

const spokenName = (name: string): string => name.split("::").join(nameSeparator);

/**
 * Rust's own runner. Its machine-readable report is not stable, so the adapter reads the output of `cargo test`, whose
 * format Rust keeps.
 */
export const cargo: RunnerAdapter = {
  launch: (job) => {
    const flags = job.script.args.filter((word) => word.startsWith("-"));
    const name = job.name === null ? [] : [job.name.split(nameSeparator).join("::")];
    const all = job.files === null && isWorkspace(job.folder) ? ["--workspace"] : [];
    const command = [job.program ?? "cargo", "test", "--no-fail-fast", "--color=never", ...all, ...flags];
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
    const members = await membersOf(job.folder);
    let target = "";
    let member: Member | undefined;
    let failing: string | null = null;
    let unended: string | null = null;
    const endTarget = (): void => {
      if (unended !== null)
        results.errors.push({ name: `${unended} ended before all of its tests ran`, message: text });
      unended = null;
    };
    for (const line of text.split("\n")) {
      const [, started, crate = ""] = running.exec(line) ?? [];
      const isNext = started !== undefined || /^\s*Doc-tests /.test(line);
      if (isNext) endTarget();
      if (started !== undefined)
        ({ path: target, member } = targetIn(job.folder, members, [started, crate], member));
      else if (isNext) target = "";
      // A test can end the whole program, even with exit code 0. Then no result follows.
      if (/^running [1-9]\d* tests?$/.test(line)) unended = target || "the documentation tests";
      const [, name, word = ""] = verdict.exec(line) ?? [];
      const status = statuses[word];
      if (name !== undefined && status !== undefined) {
        const [, documented, item = ""] = docTest.exec(name) ?? [];
        results.tests.push({
          file: documented === undefined ? fileOf(job.folder, target, name) : docFile(job.folder, documented),
          name: documented === undefined ? spokenName(name) : `doc test > ${spokenName(item)}`,
          status,
          duration_ms: null,
          message: null,
        });
      }
      if (line.startsWith("test result: ")) {
        results.complete = true;
        unended = null;
      }
      const block = /^---- (.+?)(?: stdout)? ----$/.exec(line)?.[1];
      if (block !== undefined) failing = `${target} ${spokenName(docTest.exec(block)?.[2] ?? block)}`;
      else if (line === "failures:") failing = null;
      else if (failing !== null) messages.set(failing, `${messages.get(failing) ?? ""}${line}\n`);
    }
    endTarget();
    for (const test of results.tests) {
      if (test.status !== "failed") continue;
      const name = test.name.replace(/^doc test > /, "");
      test.message = [...messages].find(([key]) => key.endsWith(` ${name}`))?.[1] ?? "";
      const failure = rustFailure(test.message);
      if (failure !== undefined) test.failure = failure;
    }
    results.load_errors = compileErrors(text);
    if (results.load_errors.length > 0) results.complete = true;
    else results.left_out = await leftOutByCargo(job.folder, filesWithoutTests(job, results));
    return results;
  },
};

/** Our configuration of nextest. The project's own takes precedence, and paths are absolute. */
const nextestReport = (job: TestJob): string => `[profile.default.junit]
path = ${JSON.stringify(reportFile(job))}
`;

/** nextest, for projects that have its configuration. It must be installed. It writes JUnit's XML. */
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
    const members = await membersOf(job.folder);
    const tests = readJUnit(xml).map((test) => {
      const failure = test.status === "failed" ? rustFailure(test.message ?? "") : undefined;
      const file = nextestFile(job.folder, members, test);
      return testCase({ ...test, ...(failure !== undefined && { failure }) }, spokenName(test.name), file);
    });
    const results = { ...noResults(true), tests };
    return { ...results, left_out: await leftOutByCargo(job.folder, filesWithoutTests(job, results)) };
  },
};

/**
 * The file of a test that nextest reports. nextest calls a binary `package::target` or
 * `package::bin/target`, and the unit tests of the library `package`.
 */
export const nextestFile = (
  root: string,
  members: readonly Member[],
  { classname, name }: Pick<JUnitCase, "classname" | "name">,
): string => {
  const [crate = "", target] = classname.split("::");
  const member = members.find(({ crates }) => crates.includes(crate.replaceAll("-", "_"))) ?? members[0];
  const inMember = (path: string): string => posix.join(member?.folder ?? ".", path);
  const [kind, program] = target?.split("/") ?? [];
  const sources =
    program === undefined
      ? [...(target === undefined ? [] : [`tests/${target}.rs`, `tests/${target}/main.rs`]), "src/lib.rs"]
      : [kind === "bin" ? `src/bin/${program}.rs` : `${kind ?? ""}s/${program}.rs`];
  const found = [...sources, "src/main.rs"].map(inMember).find((path) => exists(join(root, path)));
  return fileOf(root, found ?? inMember("src/lib.rs"), name);
};

/** Files that could not be compiled, each with the compiler's errors. */
const compileErrors = (text: string): TestResults["load_errors"] => {
  const errors = new Map<string, string[]>();
  for (const [block] of text.matchAll(/^error(\[E\d+\])?: [^]*?(?=^(error|warning)|(?![^]))/gm)) {
    const file = /^\s*--> ([^:\n]+\.rs):\d+/m.exec(block)?.[1];
    if (file !== undefined) errors.set(file, [...(errors.get(file) ?? []), block.trim()]);
  }
  return [...errors].map(([file, said]) => ({ file, message: said.join("\n\n") }));
};
