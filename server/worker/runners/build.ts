import { join } from "node:path";
import type { TestReport } from "../../../schemas/tests.ts";
import { childEnvironment, runProcess, type ProcessResult } from "../process.ts";
import { shellCommand } from "./command.ts";
import { networkVariables } from "./package-script.ts";
import { nodeVariables, pathWithPrograms, readPackage, withPackages } from "./package.ts";
import type { TestJob } from "./runner.ts";
import { exists } from "../../workspace/file-access.ts";
import { relativePath } from "../../workspace/paths.ts";
import { emptyScript } from "../../workspace/test-script.ts";

const OUTPUT_BYTES = 64 * 1024;

/** Packages whose tests need a build. They are built before every run. */
const builtFirst = new Set<string>();

/** The messages of test runners about a missing module. */
const missingModule =
  /(?:Cannot find module|Cannot find package|Failed to (?:load url|resolve import)|Could not resolve|ENOENT: no such file or directory, \w+)\s*['"]([^'"]+)['"]/g;
const outputFolder = /(^|\/)(dist|build|lib|out|output|es|esm|cjs|umd|compiled|generated)(\/|$)/;
const entryFile = /(^|\/)\.\.?(\/index)?$/;

/**
 * Names of build scripts. The first one that a package has is used. `prepare` often only sets up git hooks.
 */
const buildScripts = ["build", "compile", "prepack", "prepare"];
const setsUpHooks = /^\s*(husky|lefthook|simple-git-hooks|is-ci|patch-package)\b/;

/** The command line that builds a package with its own script; null if it has none. */
export const buildLine = (folder: string): string | null => {
  const scripts = readPackage(folder)?.scripts ?? {};
  const name = buildScripts.find((each) => scripts[each] !== undefined && !setsUpHooks.test(scripts[each]));
  return name === undefined ? null : `npm run ${name}`;
};

/** Whether tests of a package with a build script need a file that the build would create. */
export const missesBuild = (root: string, folder: string, report: TestReport): boolean => {
  if (builtFirst.has(folder) || buildLine(folder) === null) return false;
  const messages = [
    ...report.load_errors.map(({ message }) => message),
    ...report.tests.map(({ message }) => message ?? ""),
    ...(report.outcome === "crashed" ? [report.output] : []),
  ];
  return messages
    .flatMap((message) => [...message.matchAll(missingModule)])
    .some(([, path = ""]) => (outputFolder.test(path) || entryFile.test(path)) && !exists(join(root, path)));
};

/** From now on, the package is built before its tests run. */
export const buildFirst = (folder: string): void => {
  builtFirst.add(folder);
};

/** Command lines that build what a package's tests need, according to its test script and to earlier runs. */
export const buildLines = (folder: string, ofScript: readonly string[] = []): string[] => {
  const own = builtFirst.has(folder) ? buildLine(folder) : null;
  return [...(own === null || ofScript.includes(own) ? [] : [own]), ...ofScript];
};

/** Runs build commands until one fails. Returns that one and its result, or null. */
export const runBuild = async (
  { folder, script }: Pick<TestJob, "folder" | "script">,
  lines: readonly string[],
  timeoutMs: number,
  signal: AbortSignal,
): Promise<{ line: string; ended: ProcessResult } | null> => {
  const deadline = performance.now() + timeoutMs;
  for (const line of lines) {
    const [program = "", ...args] = shellCommand(line);
    const env = {
      PATH: pathWithPrograms(folder),
      ...networkVariables(folder),
      ...nodeVariables(),
      ...script.env,
    };
    const request = { command: [program, ...args] as const, cwd: folder, env: childEnvironment(env) };
    const timeout_ms = Math.max(1, deadline - performance.now());
    const ended = await runProcess({ ...request, timeout_ms, output_bytes: OUTPUT_BYTES }, signal);
    if (ended.exit_code !== 0) return { line, ended };
  }
  return null;
};

/**
 * Builds these packages. The tests run even if a build fails: the build may also have failed before the
 * change, and many builds write their output anyway, such as a compiler that reports a wrong type.
 */
export const buildStale = async (
  root: string,
  folders: readonly string[],
  deadline: number,
  signal: AbortSignal,
): Promise<TestReport["errors"]> => {
  const errors: TestReport["errors"] = [];
  for (const folder of folders) {
    const line = buildLine(folder);
    const script = { ...emptyScript, env: withPackages(folder, {}) };
    const left = Math.max(1, deadline - performance.now());
    const failed = await runBuild({ folder, script }, line === null ? [] : [line], left, signal);
    if (failed === null) continue;
    const place = relativePath(root, folder);
    const where = place === "" ? "" : ` in ${place}`;
    errors.push({ name: `${failed.line}${where} failed`, message: failed.ended.output, build: place });
  }
  return errors;
};
