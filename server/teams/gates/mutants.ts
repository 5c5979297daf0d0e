import type { FileChange } from "../../../schemas/changes.ts";
import type { LineRange, Mutant, TestReport } from "../../../schemas/tests.ts";
import { toFileContent } from "../../workspace/encoding.ts";
import { measuredRun, quantity, type Gate, type GateContext, type Measured } from "./gate.ts";
import { changedSources, writtenLines, type ChangedSource } from "./hunks.ts";
import { mutate, REACH } from "./mutation.ts";
import { featureLinesOf, startersOf } from "./starters.ts";
import type { Fate } from "./fate.ts";
import { verdict } from "./mutants-verdict.ts";
import { askingMutants } from "./questions.ts";
import { standIns } from "./stand-ins.ts";
import { tablesOf, type Table } from "./tables.ts";
import { named, newTestFiles, probeOf, unusable } from "./test-run.ts";
import { tryAll, type Trial } from "./trial.ts";

const script = /\.[cm]?[jt]sx?$/;
const isPython = (path: string): boolean => path.endsWith(".py");
/** Mutants of a value that is written out, as both mutators call them. */
const literalKind = /^(StringLiteral|BooleanLiteral|literal)$/;
/** Lines that only log, perhaps under a condition. */
const logs = /^\s*(?:if\s*\(.*\)\s*)?(?:this\.)?(?:console|_?log|_?logger)\.\w+\(.*\);?\s*$/;
/** Lines of Python that set a logger up. */
const setsUpLog =
  /^\s*(?:_?(?:log|logger|LOG|LOGGER)\s*=\s*logging\.getLogger\([^()]*\)|if\s+not\s+_?log(?:ger)?\.(?:handlers|hasHandlers\(\)):)\s*$/;
/** How many work at once follows from the machine, and changes no result. */
const tunes = /\b(?:availableParallelism\(\)|cpus\(\)\.length|hardwareConcurrency\b|cpu_count\(\))/;
const ofTuning = /^(?:ArithmeticOperator|MethodExpression|LogicalOperator|operator|literal)$/;
/** Texts for people are not what tests are about. */
const toldToPeople = /\bnew \w*(Error|Exception)\(|\b(console|log|logger)\.\w+\(/;

const isWithin = (ranges: readonly LineRange[], line: number): boolean =>
  ranges.some(({ from, to }) => from <= line && line <= to);

const withTexts = (
  changes: readonly FileChange[],
  files: readonly { path: string; text: string }[],
): FileChange[] => {
  const texts = new Map(files.map(({ path, text }) => [path, text]));
  return changes.map((change) => {
    const text = texts.get(change.path);
    return text === undefined ? change : { ...change, content: toFileContent(Buffer.from(text)) };
  });
};

/** Whether tests have no reason to notice a mutant of this line. */
const concernsNoTest = (kind: string, line: string): boolean =>
  logs.test(line) ||
  setsUpLog.test(line) ||
  (kind === "StringLiteral" && toldToPeople.test(line)) ||
  (ofTuning.test(kind) && tunes.test(line));

/** Mutants of the changed lines, and the state of the workspace that has them all in it. */
const plant = async (context: GateContext, sources: readonly ChangedSource[]) => {
  const mutable = sources.flatMap(({ path, before, after }) =>
    after === null ? [] : [{ path, text: after, ranges: writtenLines({ path, before, after }) }],
  );
  const scripts = await mutate(
    mutable.filter(({ path }) => script.test(path)),
    context.signal,
  );
  if ("refused" in scripts) return scripts;
  const starters = new Map(
    mutable.map(({ path, text }) => [path, [...startersOf(text), ...featureLinesOf(text)]]),
  );
  const lines = new Map(mutable.map(({ path, text }) => [path, text.split("\n")]));
  const isWanted = ({ kind, path, line }: Mutant): boolean =>
    !isWithin(starters.get(path) ?? [], line) && !concernsNoTest(kind, lines.get(path)?.[line - 1] ?? "");
  return {
    changes: withTexts(context.changes, scripts.files),
    mutants: scripts.mutants.filter(isWanted),
    ranges: mutable.filter(({ path }) => isPython(path)).map(({ path, ranges }) => ({ path, ranges })),
    isWanted,
  };
};

/**
 * The tests notice when the changed lines are wrong: every mutant of them is switched on alone, and a
 * test has to fail by an assertion. Crashes and time-outs are counted separately.
 */
export const mutants: Gate = async (context) => {
  const sources = await changedSources(context);
  const planted = await plant(context, sources);
  if ("refused" in planted) return { held: false, reason: planted.refused };
  const files = newTestFiles(context);
  const own = files.length > 0 ? files : null;
  // Older tests may notice it. Measuring them prepares the copy for that.
  const before = await context.baseline();
  const suite = own === null ? new Set<string>() : named(before, "passed");
  await context.ground.prepare(planted.changes);
  const dry = await context.ground.runTests({
    files: own,
    coverage: false,
    probe: probeOf(context, { mutable: planted.ranges, tell_reached: true }),
  });
  const problem = unusable(dry, context);
  if (problem !== null) return problem;
  const all = [...planted.mutants, ...(dry.mutants ?? []).filter(planted.isWanted)];
  if (all.length === 0) return { held: true, reason: nothingToMutate(sources) };
  const trial: Trial = {
    changes: planted.changes,
    mutable: planted.ranges,
    own,
    suite,
    dry,
    urgent: await askingMutants(context, all),
    // However long a run of the tests takes, the first mutants are tried.
    started: performance.now(),
    noticing: new Set(),
    unreached: new Set(),
  };
  const tables = new Map(sources.map(({ path, after }) => [path, tablesOf(after ?? "")]));
  const fates = asEntries(all, await tryAll(context, all, trial), tables);
  const blind = await noticingNothing(context, fates, trial);
  const replaced = blind.length > 0 ? null : await standIns(context, sources, planted.ranges);
  await context.ground.prepare(context.changes);
  if (replaced !== null) return replaced;
  return blind.length > 0 ? blindProof(blind, dry) : verdict(context, all, fates, trial);
};

/** Why there is no mutant of the change. */
const nothingToMutate = (sources: readonly ChangedSource[]): string => {
  const others = sources.map(({ path }) => path).filter((path) => !script.test(path) && !isPython(path));
  return others.length === 0
    ? "The changed lines have nothing to mutate."
    : `Mutants are made of JavaScript, TypeScript and Python alone. None was made of ${others.join(", ")}.`;
};

/** Nobody tests every value of a table: where the tests notice some of them, the others are data. */
const asEntries = (
  all: readonly Mutant[],
  fates: ReadonlyMap<string, Fate>,
  tables: ReadonlyMap<string, readonly Table[]>,
): Map<string, Fate> => {
  const told = new Map(fates);
  for (const [path, inFile] of tables)
    for (const { from, to } of inFile) {
      const entries = all.filter(
        (mutant) =>
          mutant.path === path &&
          mutant.line >= from &&
          mutant.end_line <= to &&
          literalKind.test(mutant.kind),
      );
      if (!entries.some(({ id }) => fates.get(id) === "killed")) continue;
      for (const { id } of entries) if (fates.get(id) === "survived") told.set(id, "entry");
    }
  return told;
};

/** So many mutants have to be tried before a test is blamed for missing all of them. */
const ENOUGH = 2;

/**
 * New tests that pass on today's code and run the changed code, and notice no mutant of it: they
 * compare an answer with itself, or ask for nothing that could be wrong.
 */
const noticingNothing = async (
  context: GateContext,
  fates: ReadonlyMap<string, Fate>,
  { changes, mutable, own, dry, noticing }: Trial,
): Promise<string[]> => {
  if (own === null || context.provenTests === null) return [];
  if (fates.size < ENOUGH || [...fates.values()].includes("not run")) return [];
  const proven = new Set(context.provenTests.proven);
  const old = named(await context.baseline(), "passed");
  const silent = [...named(dry, "passed")].filter(
    (id) => !proven.has(id) && !old.has(id) && !noticing.has(id),
  );
  if (silent.length === 0) return [];
  // Measuring the baseline prepared the copy for it.
  await context.ground.prepare(changes);
  const report = await context.ground.runTests({
    files: own,
    coverage: false,
    probe: probeOf(context, { mutant: REACH, mutable }),
  });
  const reached = named(report, "failed");
  return silent.filter((id) => reached.has(id));
};

const blindProof = (blind: readonly string[], dry: TestReport): Measured => ({
  held: false,
  reason: `${quantity(blind.length, "new test passes", "new tests pass")} on today's code and with every mutant, so ${blind.length === 1 ? "it proves" : "they prove"} nothing.`,
  evidence: blind.map((id) => `notices nothing: ${id}`),
  concerns: "tests",
  ...measuredRun(dry),
});
