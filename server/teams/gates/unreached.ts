import { withTexts } from "./can-fail.ts";
import { measuredRun, quantity, type GateContext, type Measured } from "./gate.ts";
import { named, probeOf } from "./test-run.ts";
import { codeOf, noCodeOf, testBodiesIn } from "./test-text.ts";

/** Assertions about values, as they begin. Those that only say what must not happen are not among them. */
const ofScript =
  /(?<![\w$.])(?:expect(?=\s*\()|assert(?=(?:\.(?!fail\b|ifError\b)\w+)*\((?!\s*(?:false|0|null)\s*[,)])))/g;
const ofPython =
  /(?<=^[^\S\n]*|[:;][^\S\n]+)assert(?=[\s(])(?!\s*\(?\s*(?:False|0|None)\b)|(?<=\bself\.)assert(?=\w+\()/gm;
/** Both names have this many letters. */
const LETTERS = "assert".length;
const neverFulfilled = /^expect\(\s*(?:true\s*\)\.\w+\(\s*false|false\s*\)\.\w+\(\s*true)\b/;

/** The positions of the assertions in the text of a test. */
const assertionsIn = (path: string, text: string): number[] =>
  [...codeOf(text, noCodeOf(path)).matchAll(path.endsWith(".py") ? ofPython : ofScript)]
    .map(({ index }) => index)
    .filter((index) => !neverFulfilled.test(text.slice(index)));

/** The test file in which each assertion is an error as soon as it is reached. */
export const withErrors = (path: string, text: string): string => {
  const isPython = path.endsWith(".py");
  const failing = (before: string): string =>
    isPython && !before.endsWith("self.")
      ? 'raise RuntimeError("It was reached."); assert'
      : "coditectReached";
  const changed = assertionsIn(path, text).reduceRight(
    (rest, at) => rest.slice(0, at) + failing(rest.slice(0, at)) + rest.slice(at + LETTERS),
    text,
  );
  return isPython
    ? changed
    : `${changed}\nfunction coditectReached() { throw new Error("It was reached."); }\n`;
};

/**
 * Those of these tests that assert about values and reach none of their assertions with the changed code: the
 * assertions are in a loop over nothing, or in a function that nobody calls. Null if there are none.
 *
 * @param silent tests that pass while every known assertion throws
 */
export const unreached = async (
  context: GateContext,
  files: readonly string[],
  silent: readonly string[],
): Promise<Measured | null> => {
  const texts = await Promise.all(
    files.map(async (path) => ({ path, text: (await context.readText(path)) ?? "" })),
  );
  const asserting = texts.flatMap(({ path, text }) => {
    const bodyOf = testBodiesIn(path, text);
    const ids = silent.filter((id) => id.startsWith(`${path} > `));
    const found = ids.filter((id) => assertionsIn(path, bodyOf(id) ?? "").length > 0);
    return found.length === 0 ? [] : [{ path, text: withErrors(path, text), ids: found }];
  });
  if (asserting.length === 0) return null;
  await context.ground.prepare(withTexts(context.changes, asserting));
  const report = await context.ground.runTests({
    files: asserting.map(({ path }) => path),
    coverage: false,
    probe: probeOf(context),
  });
  await context.ground.prepare(context.changes);
  const passed = named(report, "passed");
  const told = asserting.flatMap(({ ids }) => ids).filter((id) => passed.has(id));
  if (told.length === 0) return null;
  return {
    held: false,
    reason: `${quantity(told.length, "new test passes", "new tests pass")} without reaching any of ${told.length === 1 ? "its" : "their"} assertions.`,
    evidence: told.map((id) => `reaches none of its assertions: ${id}`),
    concerns: "tests",
    ...measuredRun(report),
  };
};
