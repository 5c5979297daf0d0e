import type { TestProbe, TestReport } from "../../../schemas/tests.ts";
import { measuredRun, quantity, type GateContext, type Measured } from "./gate.ts";
import type { ChangedSource } from "./hunks.ts";
import { named, newTestFiles, probeOf } from "./test-run.ts";

/** Turns on an error in every changed Python function, but only while a test itself runs. */
export const IN_TESTS = "reach-in-tests";

const defined = /^[^\S\n]*(?:async\s+)?def\s+(\w+)/gm;

/** Names of the functions in the changed sources. */
const functionsIn = (sources: readonly ChangedSource[]): string[] =>
  sources
    .filter(({ path }) => path.endsWith(".py"))
    .flatMap(({ after }) => [...(after ?? "").matchAll(defined)].map(([, name = ""]) => name));

/** Python test files that replace one of these functions. */
const replacing = async (context: GateContext, names: readonly string[]): Promise<string[]> => {
  if (names.length === 0) return [];
  const replaces = new RegExp(
    `\\b(?:setattr|patch(?:\\.object)?)\\s*\\([^)]*["'.](?:${names.join("|")})["']`,
  );
  const files = newTestFiles(context).filter((path) => path.endsWith(".py"));
  const texts = await Promise.all(files.map(async (path) => ({ path, text: await context.readText(path) })));
  return texts.filter(({ text }) => replaces.test(text ?? "")).map(({ path }) => path);
};

/**
 * New tests that replace the changed function by another one and never call it. They pass even if the changed
 * function always throws. Null if there are none.
 */
export const standIns = async (
  context: GateContext,
  sources: readonly ChangedSource[],
  mutable: TestProbe["mutable"],
): Promise<Measured | null> => {
  const files = await replacing(context, functionsIn(sources));
  if (files.length === 0 || context.provenTests === null) return null;
  await context.ground.prepare(context.changes);
  const probe = probeOf(context, { mutant: IN_TESTS, mutable });
  const report: TestReport = await context.ground.runTests({ files, coverage: false, probe });
  const passed = named(report, "passed");
  const deceived = context.provenTests.proven.filter((id) => passed.has(id));
  if (deceived.length === 0) return null;
  return {
    held: false,
    reason: `${quantity(deceived.length, "new test replaces", "new tests replace")} the changed code with other code and never ${deceived.length === 1 ? "calls" : "call"} it.`,
    evidence: deceived.map((id) => `tests a stand-in: ${id}`),
    concerns: "tests",
    ...measuredRun(report),
  };
};
