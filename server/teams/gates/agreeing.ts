import { withTexts } from "./can-fail.ts";
import { testId } from "./compare.ts";
import { namesLoaded } from "./diverted.ts";
import { functionsIn } from "./functions.ts";
import { measuredRun, quantity, type GateContext, type Measured } from "./gate.ts";
import { changedSources, writtenLines, type ChangedSource } from "./hunks.ts";
import { stubOf } from "./stub-module.ts";
import { named, newTestFiles, probeOf } from "./test-run.ts";
import { bracketed, codeOf, noCodeOf, testBodiesIn } from "./test-text.ts";
import type { TestReport } from "../../../schemas/tests.ts";

const code = /\.(?:[cm]?[jt]sx?|py)$/;
const asserts = /assert|expect|should/i;
const literal = /["'`]|(?<![\w$])\d|\b(?:true|false|null|undefined|True|False|None)\b/;

/** Whether a line of the test asserts with a value that is written out, and is no input of a name that it imports. */
const writesExpectation = (path: string, body: string, names: readonly string[]): boolean => {
  let rest = body;
  for (const name of names) {
    const used = new RegExp(
      `(?<![\\w$.])${name.replaceAll("$", "\\$")}(?![\\w$])(?:\\.[\\w$]+|\\[[^\\]]*\\])*`,
    );
    for (let found = used.exec(rest); found !== null; found = used.exec(rest)) {
      const end = found.index + found[0].length;
      const given = rest[end] === "(" ? bracketed(codeOf(rest, noCodeOf(path)), end).length : 0;
      rest = rest.slice(0, found.index) + rest.slice(end + given);
    }
  }
  return rest.split("\n").some((line) => asserts.test(line) && literal.test(line));
};

/** Names that the change defines or changes in a source. */
const namesWritten = (source: ChangedSource): string[] => {
  const { path, after } = source;
  const ranges = writtenLines(source);
  const isWritten = (from: number, to: number): boolean =>
    ranges.some((range) => range.from <= to && from <= range.to);
  const functions = functionsIn(path, after ?? "").filter(({ from, to }) => isWritten(from, to));
  const values = (after ?? "").split("\n").flatMap((line, at) => {
    const [, one, other] =
      /^\s*(?:export\s+)?(?:const|let|var|class)\s+([\w$]+)|^(?:(?:module\.)?exports\.)?([\w$]+)\s*=(?!=)/.exec(
        line,
      ) ?? [];
    const name = one ?? other;
    return name !== undefined && isWritten(at + 1, at + 1) ? [name] : [];
  });
  return [...functions.map(({ name }) => name), ...values];
};

const runWith = async (
  context: GateContext,
  sources: readonly (ChangedSource & { after: string })[],
  isShared: boolean,
): Promise<TestReport> => {
  const stubs = sources.map((source) => ({
    path: source.path,
    text: stubOf(source.path, source.after, isShared ? namesWritten(source) : []),
  }));
  await context.ground.prepare(withTexts(context.changes, stubs));
  return context.ground.runTests({
    files: newTestFiles(context),
    coverage: false,
    probe: probeOf(context),
    deadline_seconds: 60,
  });
};

/**
 * New tests that compare the changed code only with itself: they pass if all that the change writes gives one and the
 * same thing, and fail if each name gives a thing of its own. What they expect comes from the code. Null if a new test
 * expects something of its own.
 */
export const agreeing = async (context: GateContext): Promise<Measured | null> => {
  const proven = context.provenTests?.proven ?? [];
  const paths = newTestFiles(context).filter((path) => code.test(path));
  const texts = await Promise.all(
    paths.map(async (path) => ({ path, text: (await context.readText(path)) ?? "" })),
  );
  const comparing = texts.flatMap(({ path, text }) => {
    const bodyOf = testBodiesIn(path, text);
    const names = namesLoaded(text);
    return proven.filter((id) => {
      const body = id.startsWith(`${path} > `) ? bodyOf(id) : null;
      return body !== null && !writesExpectation(path, body, names);
    });
  });
  if (proven.length === 0 || comparing.length < proven.length) return null;
  const tested = (await context.testedSources?.(paths)) ?? [];
  const sources = (await changedSources(context)).flatMap((source) =>
    source.after !== null && code.test(source.path) && tested.includes(source.path)
      ? [{ ...source, after: source.after }]
      : [],
  );
  if (sources.length === 0) return null;
  const shared = await runWith(context, sources, true);
  const passed = named(shared, "passed");
  const apart = proven.every((id) => passed.has(id)) ? await runWith(context, sources, false) : null;
  await context.ground.prepare(context.changes);
  const failed = new Set(apart?.tests.filter(({ status }) => status === "failed").map(testId));
  if (apart === null || !proven.every((id) => failed.has(id))) return null;
  return {
    held: false,
    reason: `${quantity(proven.length, "new test compares", "new tests compare")} the changed code only with itself: what ${proven.length === 1 ? "it expects" : "they expect"} comes from the code.`,
    evidence: proven.map((id) => `expects what the code itself says: ${id}`),
    concerns: "tests",
    ...measuredRun(apart),
  };
};
