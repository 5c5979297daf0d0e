import type { GateContext } from "../teams/gates/gate.ts";
import { followsNewTests, testOf, type SnapshotContext } from "./followed-snapshots.ts";

const stored = /^exports\[`((?:[^`\\]|\\.)*)`\] = `((?:[^`\\]|\\.)*)`;/gm;

const snapshotsOf = (text: string): Map<string, string> =>
  new Map([...text.matchAll(stored)].map(([, name = "", value = ""]) => [name, value]));

/** Stored snapshots that the change rewrote or took away while their tests stayed as they were. */
const rewrittenSnapshots = (path: string, before: string, after: string | null): string[] => {
  const now = snapshotsOf(after ?? "");
  return [...snapshotsOf(before)]
    .filter(([name, value]) => now.get(name) !== value)
    .map(([name]) => `stored snapshot rewritten: ${path} > ${name}`);
};

const speaksOfThresholds = /threshold|check-coverage|fail[_-]under|coverage/i;
const limit = /\b(lines|branches|functions|statements|fail[_-]under)\b["']?\s*[:=]\s*(\d+(?:\.\d+)?)/g;

const limitsOf = (text: string): Map<string, number> =>
  new Map([...text.matchAll(limit)].map(([, name = "", value = ""]) => [name, Number(value)]));

/** Thresholds of the coverage that the change lowered or took away. */
const loweredThresholds = (path: string, before: string, after: string | null): string[] => {
  if (!speaksOfThresholds.test(before)) return [];
  const now = limitsOf(after ?? "");
  return [...limitsOf(before)]
    .filter(([name, value]) => (now.get(name) ?? 0) < value)
    .map(
      ([name, value]) => `coverage threshold lowered: ${path} ${name} ${value} → ${now.get(name) ?? "none"}`,
    );
};

const configures =
  /(^|\/)(package\.json|pyproject\.toml|setup\.cfg|tox\.ini|\.coveragerc|\.(c8|nyc)rc(\.[a-z]+)?|(jest|vitest|vite|nyc)\.config\.[cm]?[jt]s(on)?)$/;

/** Thresholds that a change lowered, each in words. */
export const loosened = async (
  context: Pick<GateContext, "after" | "readBase" | "readText">,
): Promise<string[]> => {
  const told = await Promise.all(
    [...context.after.keys()].sort().map(async (path) => {
      if (!configures.test(path)) return [];
      const [before, after] = [await context.readBase(path), await context.readText(path)];
      return before === null ? [] : loweredThresholds(path, before, after);
    }),
  );
  return told.flat();
};

/** Stored snapshots that a change rewrote without a new test that asks for it, each in words. */
export const rewrittenAlone = async (context: SnapshotContext): Promise<string[]> => {
  const told: string[] = [];
  for (const path of [...context.after.keys()].sort()) {
    if (!path.endsWith(".snap") || context.after.has(testOf(path))) continue;
    const before = await context.readBase(path);
    const rewritten = before === null ? [] : rewrittenSnapshots(path, before, await context.readText(path));
    if (rewritten.length > 0 && !(await followsNewTests(context, path))) told.push(...rewritten);
  }
  return told;
};
