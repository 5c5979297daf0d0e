import { posix } from "node:path";
import type { FileChange } from "../../schemas/changes.ts";
import type { GateContext } from "../teams/gates/gate.ts";
import {
  changedSources,
  hunksOf,
  isCode,
  without,
  type ChangedSource,
  type Hunk,
} from "../teams/gates/hunks.ts";
import { newErrors } from "../teams/gates/compare.ts";
import { newTestFiles, probeOf } from "../teams/gates/test-run.ts";

/** Most pieces of a change that are looked at. */
const MOST_PIECES = 8;

/** The test file that a file of stored snapshots belongs to, as Jest and Vitest place them. */
export const testOf = (path: string): string =>
  posix.join(posix.dirname(path), "..", posix.basename(path).replace(/\.snap$/, ""));

/** The pieces of a change, and of a piece that rewrites line by line each line. */
const linesOf = (source: ChangedSource): Hunk[] =>
  hunksOf(source).flatMap((hunk) => {
    const { added, removed, line } = hunk;
    if (source.after === null || added.length !== removed.length || added.length === 1) return [hunk];
    const text = source.after.split("\n");
    return added.map((words, index) => {
      const at = line - 1 + index;
      const before = removed[index] ?? "";
      return {
        path: hunk.path,
        line: at + 1,
        added: [words],
        removed: [before],
        without: text.with(at, before).join("\n"),
      };
    });
  });

/** What is needed to see why snapshots changed. */
export type SnapshotContext = Pick<
  GateContext,
  "after" | "layout" | "readBase" | "readText" | "changes" | "ground" | "baseline"
>;

/**
 * Whether stored snapshots changed with behaviour that the other new tests ask for: each piece of the
 * change without which the snapshots would fit as they were is one that the new tests miss.
 */
export const followsNewTests = async (context: SnapshotContext, snapshots: string): Promise<boolean> => {
  const sources = await changedSources(context);
  const pieces = sources.flatMap((source) => linesOf(source).filter((piece) => isCode(piece, source.after)));
  const files = newTestFiles(context);
  const unchanged = context.changes.filter(({ path }) => path !== snapshots);
  const passes = async (changes: readonly FileChange[], tests: string[]): Promise<boolean> => {
    const before = await context.baseline();
    await context.ground.prepare(changes);
    const report = await context.ground.runTests({ files: tests, coverage: false, probe: probeOf(context) });
    // If the build fails without the piece, the tests ran on the output of the previous build.
    return report.outcome === "passed" && newErrors(before, report).length === 0;
  };
  if (pieces.length === 0) return false;
  for (const piece of pieces.slice(0, MOST_PIECES)) {
    const fits = await passes(without(unchanged, piece), [testOf(snapshots)]);
    if (fits && (await passes(without(unchanged, piece), files))) return false;
  }
  return true;
};
