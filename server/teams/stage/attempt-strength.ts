import type { ExecutionAttempt } from "../../../schemas/execution.ts";
import type { GateProof } from "../../../schemas/gates.ts";
import type { TestReport } from "../../../schemas/tests.ts";
import { classifyPath } from "../../workspace/classify.ts";
import type { GateContext } from "../gates/gate.ts";
import { heldBack } from "../gates/held-back.ts";
import { mutants } from "../gates/mutants.ts";

/** The same work with only the held-back tests, so that they alone must notice a mutant. */
const judgedByHidden = (context: GateContext, baseline: TestReport): GateContext => {
  const hidden = context.heldBack.changes;
  const sources = [...context.after].filter(([path]) => classifyPath(path, context.layout) !== "test");
  const files = hidden.map(({ path }): [string, string | null] => [path, "held back"]);
  return {
    ...context,
    changes: [...context.changes, ...hidden],
    after: new Map([...sources, ...files]),
    provenTests: null,
    baseline: () => Promise.resolve({ ...baseline, tests: [] }),
  };
};

/**
 * Measures how one of several attempts does with the tests that its agent did not see, and how many mutants of its
 * changed lines these tests notice. If no tests are held back, the new tests are used. Work that a gate refused is
 * not measured. Undefined if the work is not one of several attempts.
 */
export const judgeAttempt = async (
  context: GateContext,
  attempt: number | null,
  gates: readonly GateProof[],
): Promise<ExecutionAttempt | undefined> => {
  if (attempt === null) return undefined;
  if (gates.some(({ held }) => !held)) return { number: attempt, held_back: null, mutants: null };
  const baseline = await context.baseline();
  const isHidden = context.heldBack.changes.length > 0;
  const judged = isHidden ? await heldBack(context) : null;
  const strength = await mutants(isHidden ? judgedByHidden(context, baseline) : context);
  await context.ground.prepare(context.changes);
  const { killed, survived } = strength.mutants ?? { killed: 0, survived: 0 };
  const failed = judged?.counts?.failed ?? 0;
  return {
    number: attempt,
    held_back:
      judged === null
        ? null
        : {
            passed: judged.counts?.passed ?? 0,
            // A held-back test that did not run at all has failed, too.
            failed: judged.held ? failed : Math.max(1, failed),
          },
    mutants: killed + survived === 0 ? null : { killed, judged: killed + survived },
  };
};
