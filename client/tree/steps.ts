import type { Model, RunRecord } from "./model.ts";

/** The model of the built-in script. */
const REHEARSAL = "/rehearsal";

/** A step of the walkthrough, by the context key that ticks it. */
export type WalkthroughStep = "coditect.rehearsed" | "coditect.ranOwn" | "coditect.applied";

/** The steps whose action succeeded. A failed attempt does not count. */
export const doneSteps = ({ runs }: Pick<Model, "runs">): WalkthroughStep[] => {
  const succeeded = [...runs.values()].filter(({ status }) => status === "Succeeded");
  const isRehearsal = ({ model }: RunRecord): boolean => model.endsWith(REHEARSAL);
  const isApplied = succeeded.some(({ changes }) =>
    changes.some(({ decision }) => decision !== "Pending" && decision !== "Discarded"),
  );
  const steps: [WalkthroughStep, boolean][] = [
    ["coditect.rehearsed", succeeded.some(isRehearsal)],
    ["coditect.ranOwn", succeeded.some((run) => !isRehearsal(run))],
    ["coditect.applied", isApplied],
  ];
  return steps.filter(([, isDone]) => isDone).map(([step]) => step);
};
