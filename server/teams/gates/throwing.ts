import type { LineRange, TestReport } from "../../../schemas/tests.ts";
import { withTexts } from "./can-fail.ts";
import type { GateContext } from "./gate.ts";
import { mutate, REACH } from "./mutation.ts";
import { probeOf } from "./test-run.ts";

/** Turns on an error in every changed Python function, but only while a test itself runs. */
const IN_TESTS = "reach-in-tests";

const script = /\.[cm]?[jt]sx?$/;

/** Whether functions in the file can be made to throw. */
export const canThrow = (path: string): boolean => script.test(path) || path.endsWith(".py");

/** A source and the lines whose functions throw. */
export interface Throwing {
  path: string;
  text: string;
  ranges: LineRange[];
}

/** The source with each of its functions. */
export const wholly = ({ path, text }: Omit<Throwing, "ranges">): Throwing => ({
  path,
  text,
  ranges: [{ from: 1, to: text.split("\n").length }],
});

/**
 * Runs these tests while the functions in these sources throw. Null if the sources cannot be read, or, where `any` is
 * set, have no function in these lines. The copy keeps the changed sources.
 */
export const runThrowing = async (
  context: GateContext,
  sources: readonly Throwing[],
  { files, any = false }: { files: readonly string[]; any?: boolean },
): Promise<TestReport | null> => {
  const [scripts, others] = [
    sources.filter(({ path }) => script.test(path)),
    sources.filter(({ path }) => !script.test(path)),
  ];
  const mutated = await mutate(scripts, context.signal);
  if ("refused" in mutated) return null;
  const haveFunctions =
    mutated.files.some(({ text }) => text.includes(`("${REACH}")`)) ||
    others.some(({ text }) => /^\s*(?:async\s+)?def\s/m.test(text));
  if (any && !haveFunctions) return null;
  await context.ground.prepare(withTexts(context.changes, mutated.files));
  const mutable = others.map(({ path, ranges }) => ({ path, ranges }));
  const probe = probeOf(context, { mutant: mutable.length > 0 ? IN_TESTS : REACH, mutable });
  return context.ground.runTests({ files: [...files], coverage: false, probe });
};
