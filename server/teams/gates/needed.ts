import { newErrors } from "./compare.ts";
import { quantity, type Gate, type GateContext, type Measured } from "./gate.ts";
import { answeredByTable, checksOfChange, type Check } from "./answers.ts";
import { constantAnswers } from "./constant-answers.ts";
import { changedSources, hunksOf, isCode, without, type Hunk } from "./hunks.ts";
import { followsMove, movesIn } from "./moves.ts";
import { newTestFiles, probeOf } from "./test-run.ts";

/** The maximum number of pieces that are undone. */
const MOST_HUNKS = 20;

/** Whether tests notice that the piece is missing. The tests of the change run first, then the whole suite. */
const isMissed = async (context: GateContext, hunk: Hunk): Promise<boolean> => {
  const probe = probeOf(context);
  const files = newTestFiles(context);
  const before = await context.baseline();
  // Code without a piece may never end. New tests may be slower than the old ones, but not by so much.
  const deadline_seconds = Math.ceil(60 + (3 * before.duration_ms) / 1000);
  // The measurement of the baseline prepared the copy.
  await context.ground.prepare(without(context.changes, hunk));
  if (files.length > 0) {
    const own = await context.ground.runTests({ files, coverage: false, probe, deadline_seconds });
    if (own.outcome !== "passed" || newErrors(before, own).length > 0) return true;
  }
  const suite = await context.ground.runTests({ files: null, coverage: false, probe, deadline_seconds });
  // If the build fails without the piece, the tests run on the previous build, so the build counts.
  if (newErrors(before, suite).length > 0) return true;
  return suite.outcome !== "passed" && suite.counts.failed !== before.counts.failed;
};

/** The refusal of code that contains the tests' answers and no rule; null if a test asks for more. */
const tableInWords = (answered: readonly Check[]): Measured | null =>
  answered.length === 0
    ? null
    : {
        held: false,
        reason:
          "The code contains the inputs and expected results of the new tests instead of computing them. Add a test with an input that does not appear in the code.",
        evidence: answered.map(
          ({ path, line, literals }) => `answered from a table: ${path}:${line} ${literals.join(", ")}`,
        ),
      };

/**
 * Checks that each piece of the change to sources is needed, because a test fails without it. Other pieces are dead
 * code, unrelated edits, or untested behaviour.
 */
export const needed: Gate = async (context) => {
  const sources = await changedSources(context);
  const table = tableInWords(answeredByTable(await checksOfChange(context), sources));
  if (table !== null) return table;
  const constant = await constantAnswers(context, sources);
  if (constant !== null) return constant;
  const moves = movesIn(sources);
  const hunks = sources.flatMap((source) =>
    hunksOf(source).filter((hunk) => isCode(hunk, source.after) && !followsMove(hunk, moves)),
  );
  // The only piece is the whole change, and `red` showed that the tests fail without it.
  if (hunks.length <= 1)
    return {
      held: true,
      reason:
        hunks.length === 0
          ? "No source was changed."
          : "The change is one piece, and its tests failed without it.",
    };
  const unneeded: Hunk[] = [];
  let tried = 0;
  const started = performance.now();
  for (const hunk of hunks.slice(0, MOST_HUNKS)) {
    if (performance.now() - started > context.budgetMs) break;
    tried += 1;
    if (!(await isMissed(context, hunk))) unneeded.push(hunk);
  }
  await context.ground.prepare(context.changes);
  const rest = hunks.length - tried;
  const unsaid =
    rest === 0 ? "" : ` ${quantity(rest, "piece was", "pieces were")} not tried: the time was up.`;
  return {
    held: unneeded.length === 0,
    reason:
      unneeded.length === 0
        ? `Tests fail without each of ${quantity(tried, "piece")} of the change.${unsaid}`
        : `${quantity(unneeded.length, "piece")} of the change can be removed, and every test still passes.${unsaid}`,
    evidence: unneeded.map(
      ({ path, line, added, removed }) =>
        `${path}:${line} is not needed by any test\n` +
        [...removed.map((text) => `-${text}`), ...added.map((text) => `+${text}`)].slice(0, 12).join("\n"),
    ),
  };
};
