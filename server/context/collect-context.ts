import type { ContextItem } from "../../schemas/execution.ts";
import type { Overlay } from "../../schemas/run.ts";
import { ignoreRules } from "../workspace/ignore.ts";
import { pacer } from "../workspace/pace.ts";
import { fillBudget, type LeftOut } from "./budget.ts";
import { relationsOf } from "./relations.ts";
import { surroundingsOf } from "./surroundings.ts";
import { readTarget } from "./target.ts";
import { indexWorkspace } from "./workspace-index.ts";

export interface ContextRequest {
  /** Absolute folder. */
  workspace: string;
  /** The file the task is about; `null`: the workspace as a whole. */
  file: string | null;
  /** Unsaved texts, and those of changes made so far: seen in place of the files on disk. */
  overlays: readonly Overlay[];
  budgetTokens: number;
  signal: AbortSignal;
}

/**
 * What an agent is given with its task, most telling first: the file, its own tests, what it
 * imports, configuration, other tests of it, what imports it, documentation; as much as fits the budget, and what was left out.
 * Ignored and secret files are never in it. Errors: those of `readTarget`; `cancelled`.
 */
export async function collectContext({
  workspace,
  file,
  overlays,
  budgetTokens,
  signal,
}: ContextRequest): Promise<{ items: ContextItem[]; left_out: LeftOut[] }> {
  const rules = ignoreRules(workspace);
  const target = file === null ? null : readTarget(workspace, file, rules, overlays);
  const index = await indexWorkspace(workspace, rules, overlays, signal);
  const around = surroundingsOf(target?.path ?? null, index);
  const relations =
    target === null
      ? { ownTests: [], tests: [], imports: [], importers: [] }
      : await relationsOf(target.path, target.text, index, pacer("collecting the context", signal));
  const ranked = new Set([
    ...relations.ownTests,
    ...relations.imports,
    ...around.configuration,
    ...relations.tests,
    ...relations.importers,
    ...around.documentation,
  ]);
  const related = [...ranked].map((path) => ({ path, text: index.read(path) }));
  return fillBudget(target, related, budgetTokens);
}
