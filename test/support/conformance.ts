import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { join } from "node:path";
import { root } from "./command.ts";

const program = join(root, "node_modules/@modelcontextprotocol/conformance/dist/index.js");

/** The result of the protocol's own conformance suite. */
export interface Conformance {
  /** Scenarios that passed, with warnings or without, and those that failed, in alphabetical order. */
  passed: string[];
  warned: string[];
  failed: string[];
  /** The whole output. */
  report: string;
}

/** Runs the suite with these arguments, and reads its summary, which has one line for each scenario. */
export const runConformance = async (args: readonly string[]): Promise<Conformance> => {
  const child = spawn(process.execPath, [program, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  const [report, problems] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const summary = report.slice(report.lastIndexOf("SUMMARY ==="));
  const lines = summary.split("\n").flatMap((line) => {
    const [, name, failures, warnings = "0"] =
      /^[✓✗] (\S+): \d+ passed, (\d+) failed(?:, (\d+) warnings)?/.exec(line) ?? [];
    return name === undefined ? [] : [{ name, hasFailed: failures !== "0", hasWarned: warnings !== "0" }];
  });
  const namesOf = (chosen: typeof lines): string[] => chosen.map(({ name }) => name).toSorted();
  return {
    passed: namesOf(lines.filter(({ hasFailed }) => !hasFailed)),
    warned: namesOf(lines.filter(({ hasFailed, hasWarned }) => hasWarned && !hasFailed)),
    failed: namesOf(lines.filter(({ hasFailed }) => hasFailed)),
    report: report + problems,
  };
};
