import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { join } from "node:path";
import { root } from "./command.ts";

const program = join(root, "node_modules/@modelcontextprotocol/conformance/dist/index.js");

/** What the protocol's own conformance suite found. */
export interface Conformance {
  /** Scenarios that passed, and those with a failure or a warning, in alphabetical order. */
  passed: string[];
  failed: string[];
  /** All it said. */
  report: string;
}

/** Runs the suite with these arguments, and reads its summary: one line for each scenario. */
export const runConformance = async (args: readonly string[]): Promise<Conformance> => {
  const child = spawn(process.execPath, [program, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  const [report, problems] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const summary = report.slice(report.lastIndexOf("SUMMARY ==="));
  const namesAfter = (mark: string): string[] =>
    [...summary.matchAll(new RegExp(`^${mark} (\\S+):`, "gm"))].map(([, name = ""]) => name).toSorted();
  return { passed: namesAfter("✓"), failed: namesAfter("✗"), report: report + problems };
};
