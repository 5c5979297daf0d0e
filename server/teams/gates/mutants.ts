import type { FileChange } from "../../../schemas/changes.ts";
import type { LineRange, Mutant, TestReport } from "../../../schemas/tests.ts";
import { toFileContent } from "../../workspace/encoding.ts";
import { newErrors } from "./compare.ts";
import { measuredRun, quantity, type Gate, type GateContext, type Measured } from "./gate.ts";
import { isTextOfError } from "./error-text.ts";
import { changedSources, writtenLines, type ChangedSource } from "./hunks.ts";
import { comparedWithOldPlace } from "./moves.ts";
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
/** Mutants of a literal, as both mutators name them. */
const literalKind = /^(StringLiteral|BooleanLiteral|literal)$/;
/** Lines that only log, with or without a condition. */
const logs = /^\s*(?:if\s*\(.*\)\s*)?(?:this\.)?(?:console|_?log|_?logger)\.\w+\(.*\);?\s*$/;
/** Python lines that set up a logger. */
const setsUpLog =
  /^\s*(?:_?(?:log|logger|LOG|LOGGER)\s*=\s*logging\.getLogger\([^()]*\)|if\s+not\s+_?log(?:ger)?\.(?:handlers|hasHandlers\(\)):)\s*$/;
/** The number of parallel workers depends on the machine and does not affect results. */
const tunes = /\b(?:availableParallelism\(\)|cpus\(\)\.length|hardwareConcurrency\b|cpu_count\(\))/;
const ofTuning = /^(?:ArithmeticOperator|MethodExpression|LogicalOperator|operator|literal)$/;
/** Tests do not need to check texts for people. */
const toldToPeople =
  /\bnew \w*(Error|Exception)\(|\b(console|log|logger)\.\w+\(|^\s*this\.name\s*=\s*["']\w*(Error|Exception)["']/;

/** Why an error was thrown. Tests rarely ask for it. */
const saysCause = /\{\s*cause(?:\s*:\s*[\w$.]+)?\s*,?\s*\}/;

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

/** Whether tests need not notice a mutant of the line at this index. */
const concernsNoTest = (kind: string, lines: readonly string[], at: number): boolean => {
  const line = lines[at] ?? "";
  return (
    logs.test(line) ||
    setsUpLog.test(line) ||
    (kind === "StringLiteral" && (toldToPeople.test(line) || isTextOfError(lines, at))) ||
    (kind === "ObjectLiteral" && saysCause.test(line)) ||
    (ofTuning.test(kind) && tunes.test(line))
  );
};

/** Mutants of the changed lines, and the state of the workspace that contains all of them. */
const plant = async (context: GateContext, sources: readonly ChangedSource[]) => {
  const mutable = comparedWithOldPlace(sources).flatMap(({ path, before, after }) =>
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
    !isWithin(starters.get(path) ?? [], line) && !concernsNoTest(kind, lines.get(path) ?? [], line - 1);
  return {
    changes: withTexts(context.changes, scripts.files),
    mutants: scripts.mutants.filter(isWanted),
    ranges: mutable.filter(({ path }) => isPython(path)).map(({ path, ranges }) => ({ path, ranges })),
    isWanted,
  };
};

/**
 * Checks that the tests notice wrong code in the changed lines. Each mutant is turned on alone, and a test
 * must fail by an assertion. Crashes and timeouts are counted separately.
 */
export const mutants: Gate = async (context) => {
  const sources = await changedSources(context);
  const planted = await plant(context, sources);
  if ("refused" in planted) return { held: false, reason: planted.refused };
  const files = newTestFiles(context);
  const own = files.length > 0 ? files : null;
  // Older tests may notice it. The measurement of these tests prepares the copy.
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
  const [error] = newErrors(before, dry);
  // If a build with the mutants in it fails, the tests run on what was built before, without mutants.
  if (error !== undefined)
    return {
      held: false,
      reason: `The tests cannot run with the mutants in the changed lines: ${error.name}.`,
      evidence: [error.message],
      ...measuredRun(dry),
    };
  const all = [...planted.mutants, ...(dry.mutants ?? []).filter(planted.isWanted)];
  if (all.length === 0) return { held: true, reason: nothingToMutate(sources) };
  const trial: Trial = {
    changes: planted.changes,
    mutable: planted.ranges,
    own,
    suite,
    dry,
    urgent: await askingMutants(context, all),
    // The gate tries the first mutants even if a run of the tests takes long.
    started: performance.now(),
    noticing: new Set(),
    unreached: new Set(),
  };
  const tables = new Map(sources.map(({ path, after }) => [path, tablesOf(after ?? "")]));
  const fates = asEntries(all, await tryAll(context, all, trial), tables);
  const blind = await noticingNothing(context, fates, trial);
  const replaced = blind.length > 0 ? null : await standIns(context, sources);
  await context.ground.prepare(context.changes);
  if (replaced !== null) return replaced;
  return blind.length > 0 ? blindProof(blind, dry) : verdict(context, all, fates, trial);
};

/** The reason why the change has no mutants. */
const nothingToMutate = (sources: readonly ChangedSource[]): string => {
  const others = sources.map(({ path }) => path).filter((path) => !script.test(path) && !isPython(path));
  return others.length === 0
    ? "The changed lines have nothing to mutate."
    : `Mutants exist only for JavaScript, TypeScript and Python. There are none for ${others.join(", ")}.`;
};

/** Tests rarely cover every value of a table. If they notice some of the values, the others count as data. */
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

/** The number of mutants to try before the gate reports that a test notices none of them. */
const ENOUGH = 2;

/**
 * New tests that pass with the current code, run the changed code and notice none of its mutants. They
 * compare a result with itself, or check nothing that can be wrong.
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
  // The measurement of the baseline prepared the copy.
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
