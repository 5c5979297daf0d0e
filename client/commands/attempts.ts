import * as vscode from "vscode";
import { byRank, lastAttempts } from "../../schemas/attempts.ts";
import type { StageAttempt } from "../../schemas/run.ts";
import type { Context } from "../context.ts";
import { attemptText } from "../tree/attempts.ts";
import type { RunRecord } from "../tree/model.ts";
import { nodeOf, runTarget, tell } from "./targets.ts";

/** The ranked attempts of the last stage with several attempts, best first. */
const rankedAttempts = (run: RunRecord): StageAttempt[] =>
  byRank(lastAttempts([...run.stages.values()].map(({ state }) => state))).filter(
    ({ rank }) => rank !== null,
  );

/** Shows how another attempt differs from the best one. */
export const compareAttempts = async (context: Context, argument: unknown): Promise<void> => {
  const nothing = vscode.l10n.t("No run has several attempts to compare.");
  const node = nodeOf(argument);
  const ofExecution =
    node?.kind === "execution" ? context.sidebar.model.executions.get(node.execution_id)?.summary : undefined;
  const run =
    ofExecution === undefined
      ? await runTarget(context, argument, (each) => rankedAttempts(each).length > 1, nothing)
      : (context.sidebar.model.runs.get(ofExecution.task_id) ?? null);
  if (run === null) return;
  const [best, ...others] = rankedAttempts(run);
  const named = others.find(({ execution_id }) => execution_id === ofExecution?.execution_id);
  const other = named ?? (others.length > 1 ? await pickAttempt(others) : others[0]);
  if (best === undefined || other === undefined) {
    if (others.length === 0) tell(nothing);
    return;
  }
  const compared = {
    folder: run.folder,
    task_id: run.task_id,
    attempt: other.attempt,
    against: best.attempt,
  };
  if (!(await context.review.compareAttempts(compared)))
    tell(vscode.l10n.t("Attempts {0} and {1} left the same files.", best.attempt, other.attempt));
};

const pickAttempt = async (attempts: readonly StageAttempt[]): Promise<StageAttempt | undefined> => {
  const picked = await vscode.window.showQuickPick(
    attempts.map((attempt) => ({
      label: vscode.l10n.t("Attempt {0}", attempt.attempt),
      description: attemptText(attempt, vscode.l10n),
      attempt,
    })),
    { placeHolder: vscode.l10n.t("Which attempt do you want to compare with the best one?") },
  );
  return picked?.attempt;
};
