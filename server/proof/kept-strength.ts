import type { GateProof } from "../../schemas/gates.ts";
import type { TestReport } from "../../schemas/tests.ts";
import { toFileContent } from "../workspace/encoding.ts";
import { measuredRun, quantity, type Gate, type GateContext } from "../teams/gates/gate.ts";
import { named, newTestFiles, probeOf } from "../teams/gates/test-run.ts";
import { withoutAssertion } from "../teams/gates/without-assertion.ts";
import { lessExactOf } from "./exactness.ts";
import { loosened, rewrittenAlone } from "./loosened.ts";

/**
 * Existing tests that assert less exactly than before, in files that do not load with the code before the change: they
 * may import a name that it adds.
 */
const lessExact = async (
  context: GateContext,
  rewritten: readonly { path: string; text: string }[],
  passedBefore: ReadonlySet<string>,
  red: GateProof,
): Promise<string[]> => {
  const found = new Set(red.tests?.found);
  const unseen = [...passedBefore].filter((id) => !found.has(id));
  const told = await Promise.all(
    rewritten.map(async ({ path, text: old }) => {
      const text = (await context.readText(path)) ?? "";
      const names = unseen.filter((id) => id.startsWith(`${path} > `));
      return lessExactOf(path, names, { old, text });
    }),
  );
  return told.flat();
};

/**
 * No existing test was made weaker. A test may change with what it describes: then its new form
 * fails on the code before the change. One whose old form fails on the new code, and whose new form
 * passes on both, was loosened until it fitted.
 */
export const keptStrength =
  (before: TestReport, red: GateProof): Gate =>
  async (context) => {
    const looser = [...(await loosened(context)), ...(await rewrittenAlone(context))];
    if (looser.length > 0)
      return {
        held: false,
        reason: `${quantity(looser.length, "demand on the code was", "demands on the code were")} loosened without a test that says so.`,
        evidence: looser,
      };
    const files = newTestFiles(context);
    const old = await Promise.all(files.map(async (path) => ({ path, text: await context.readBase(path) })));
    const rewritten = old.flatMap(({ path, text }) => (text === null ? [] : [{ path, text }]));
    const proven = new Set(red.tests?.proven);
    const passedBefore = named(before, "passed");
    const suspects = (red.tests?.found ?? []).filter((id) => passedBefore.has(id) && !proven.has(id));
    const unseen = await lessExact(context, rewritten, passedBefore, red);
    if (rewritten.length === 0 || suspects.length + unseen.length === 0)
      return { held: true, reason: "No existing test was made weaker." };
    const paths = new Set(rewritten.map(({ path }) => path));
    await context.ground.prepare(context.changes);
    const { cannotFail, untried } = await withoutAssertion(context, files, suspects);
    const empty = [...cannotFail, ...untried];
    const asBefore = [
      ...context.changes.filter(({ path }) => !paths.has(path)),
      ...context.changes.flatMap((change) => {
        const text = rewritten.find(({ path }) => path === change.path)?.text;
        return text === undefined ? [] : [{ ...change, content: toFileContent(Buffer.from(text)) }];
      }),
    ];
    await context.ground.prepare(asBefore);
    const report = await context.ground.runTests({
      files: [...paths],
      coverage: false,
      probe: probeOf(context),
    });
    const failing = named(report, "failed");
    const weaker = [...suspects, ...unseen].filter((id) => failing.has(id));
    const was = empty.length === 0 ? null : await withoutAssertion(context, [...paths], suspects, asBefore);
    const emptyBefore = new Set([...(was?.cannotFail ?? []), ...(was?.untried ?? [])]);
    const emptied = empty.filter((id) => !emptyBefore.has(id));
    if (emptied.length > 0)
      return {
        held: false,
        reason: `${quantity(emptied.length, "test was", "tests were")} made weaker: ${emptied.length === 1 ? "it reaches" : "they reach"} no assertion any more${emptied.some((id) => untried.includes(id)) ? ", and the time was up before mutants showed that they can fail" : " and cannot fail"}.`,
        evidence: emptied,
        ...measuredRun(report),
      };
    return {
      held: weaker.length === 0,
      reason:
        weaker.length === 0
          ? "No existing test was made weaker."
          : `${quantity(weaker.length, "test was", "tests were")} made weaker: as ${weaker.length === 1 ? "it was, it fails" : "they were, they fail"} on the changed code.`,
      evidence: weaker,
      ...measuredRun(report),
    };
  };
