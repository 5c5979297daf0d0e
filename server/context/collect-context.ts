import type { ContextItem } from "../../schemas/execution.ts";
import type { Overlay } from "../../schemas/run.ts";
import { ignoreRules } from "../workspace/ignore.ts";
import { pacer } from "../workspace/pace.ts";
import { fillBudget, type LeftOut } from "./budget.ts";
import { withImports } from "./instruction-imports.ts";
import { neighbouringTest, overviewOf } from "./overview.ts";
import { rankByLikeness, type Likeness } from "./likeness.ts";
import { relationsOf } from "./relations.ts";
import { skillsItem } from "./skills.ts";
import { surroundingsOf } from "./surroundings.ts";
import { readTarget } from "./target.ts";
import { indexWorkspace } from "./workspace-index.ts";

export interface ContextRequest {
  /** Absolute folder. */
  workspace: string;
  /** The file the task is about; `null`: the workspace as a whole. */
  file: string | null;
  /** Files that the agents before chose for this one: given before all others that are related. */
  assigned?: readonly string[];
  /** Unsaved texts, and those of changes made so far: seen in place of the files on disk. */
  overlays: readonly Overlay[];
  budgetTokens: number;
  /** Names and paths of the files in which a project tells agents how work is done in it. */
  instructionFiles: readonly string[];
  /** Whether tests are to be written: then how the project's own look is part of it. */
  forTests?: boolean;
  /** Ranks what does not all fit by its meaning; null: what is nearest by relation goes first. */
  likeness: Likeness | null;
  signal: AbortSignal;
}

interface CollectedContext {
  items: ContextItem[];
  left_out: LeftOut[];
  /** The paths of those files that say how work is done in the project. */
  instructions: ReadonlySet<string>;
}

/**
 * What an agent is given with its task, most telling first: the file, the project's instructions to
 * agents, the file's own tests, what it
 * imports, configuration, other tests of it, what imports it, documentation; as much as fits the
 * budget, and what was left out. Only where not all of it fits, what follows the file's own tests is
 * ranked by its likeness to the task. Ignored and secret files are never in it. Errors: those of
 * `readTarget`; `cancelled`.
 */
export const collectContext = async ({
  workspace,
  file,
  assigned = [],
  overlays,
  budgetTokens,
  instructionFiles,
  forTests = false,
  likeness,
  signal,
}: ContextRequest): Promise<CollectedContext> => {
  const rules = ignoreRules(workspace);
  const target = file === null ? null : readTarget(workspace, file, rules, overlays);
  const index = await indexWorkspace(workspace, rules, overlays, signal);
  const around = surroundingsOf(target?.path ?? null, index, instructionFiles);
  const relations =
    target === null
      ? { ownTests: [], tests: [], imports: [], importers: [] }
      : await relationsOf(target.path, target.text, index, pacer("collecting the context", signal));
  const example = forTests && target !== null ? neighbouringTest(target.path, index) : null;
  const instructions = withImports(around.instructions, index);
  const chosen = assigned.filter((path) => path !== target?.path && index.paths.has(path));
  const first = [
    ...instructions.paths,
    ...chosen,
    ...relations.ownTests,
    ...(example === null ? [] : [example]),
  ];
  const own = new Set(first).size;
  const ranked = new Set([
    ...first,
    ...relations.imports,
    ...around.configuration,
    ...relations.tests,
    ...relations.importers,
    ...around.documentation,
  ]);
  const related = [...ranked].map((path) => ({ path, text: index.read(path) }));
  const { is_full, ...byRelation } = fillBudget(target, related, budgetTokens, index.layout);
  const skills = skillsItem(index);
  const overview = [
    ...(skills.item === null ? [] : [skills.item]),
    ...(forTests ? overviewOf(target?.path ?? null, index) : []),
  ];
  const told = new Set(instructions.paths);
  const unusable = [...instructions.left_out, ...skills.left_out];
  if (!is_full || likeness === null) {
    return {
      items: [...byRelation.items, ...overview],
      left_out: [...byRelation.left_out, ...unusable],
      instructions: told,
    };
  }
  const [ownTests, others] = [related.slice(0, own), related.slice(own)];
  const { ranked: liked, how } = await rankByLikeness(target, others, likeness, signal);
  const { items, left_out } = fillBudget(target, [...ownTests, ...liked], budgetTokens, index.layout, how);
  return { items: [...items, ...overview], left_out: [...left_out, ...unusable], instructions: told };
};
