import type { EditorContext } from "../../schemas/editor-context.ts";
import type { ContextItem } from "../../schemas/execution.ts";
import type { Overlay } from "../../schemas/run.ts";
import { ignoreRules } from "../workspace/ignore.ts";
import { pacer } from "../workspace/pace.ts";
import { costOf, fillBudget, type LeftOut } from "./budget.ts";
import { problemsItem, PROBLEMS_ITEM, withEditorFiles } from "./from-editor.ts";
import { withImports } from "./instruction-imports.ts";
import { neighbouringTest, overviewItems, overviewOf } from "./overview.ts";
import { rankByLikeness, type Likeness } from "./likeness.ts";
import { reasonsOf, type ContextReason } from "./reasons.ts";
import { relationsOf } from "./relations.ts";
import { SKILLS_ITEM, skillsItem } from "./skills.ts";
import { surroundingsOf } from "./surroundings.ts";
import { readTarget } from "./target.ts";
import { indexWorkspace } from "./workspace-index.ts";

export interface ContextRequest {
  /** Absolute folder. */
  workspace: string;
  /** The file the task is about; `null`: the workspace as a whole. */
  file: string | null;
  /** Files that earlier agents chose for this one. They come before all other related files. */
  assigned?: readonly string[];
  /** Unsaved texts, and those of changes so far. They replace the files on disk. */
  overlays: readonly Overlay[];
  budgetTokens: number;
  /** Names and paths of the files with a project's instructions to agents. */
  instructionFiles: readonly string[];
  /** Whether the agent writes tests. If so, the context contains an example of the project's tests. */
  forTests?: boolean;
  /** What the editor's language servers know about the file. */
  editor?: EditorContext;
  /** Whether a file differs from what the editor showed, so that its problems are out of date. */
  isOutdated?: (path: string) => boolean;
  /** Ranks files by meaning if not all of them fit; null: the most closely related files come first. */
  likeness: Likeness | null;
  signal: AbortSignal;
}

interface CollectedContext {
  items: ContextItem[];
  left_out: LeftOut[];
  /** Why each of the items is there. */
  reasons: ContextReason[];
  /** The paths of the files with the project's instructions. */
  instructions: ReadonlySet<string>;
}

/**
 * Collects what an agent gets with its task, most useful first: the file, the project's instructions to
 * agents, the file's own tests, the files it imports, configuration, other tests of it, files that import it,
 * documentation, and the problems that the editor shows. Takes as much as fits the budget, and lists what was
 * left out. Files that the editor's language servers found come before those that only the text shows. If not
 * everything fits, the items after the file's own tests are ranked by their similarity to the task. Never
 * contains ignored or secret files. Errors: those of `readTarget`; `cancelled`.
 */
export const collectContext = async ({
  workspace,
  file,
  assigned = [],
  overlays,
  budgetTokens,
  instructionFiles,
  forTests = false,
  editor = { definitions: [], references: [], problems: [] },
  isOutdated = () => false,
  likeness,
  signal,
}: ContextRequest): Promise<CollectedContext> => {
  const rules = ignoreRules(workspace);
  const target = file === null ? null : readTarget(workspace, file, rules, overlays);
  const index = await indexWorkspace(workspace, rules, overlays, signal);
  const around = surroundingsOf(target?.path ?? null, index, instructionFiles);
  const { relations, reasons: fromEditor } =
    target === null
      ? { relations: { ownTests: [], tests: [], imports: [], importers: [] }, reasons: new Map() }
      : withEditorFiles(
          target.path,
          await relationsOf(target.path, target.text, index, pacer("collecting the context", signal)),
          editor,
          index,
        );
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
  const problems = problemsItem(target?.path ?? null, editor.problems, index, budgetTokens, isOutdated);
  const budget = budgetTokens - (problems === null ? 0 : costOf(problems.name, problems.content));
  const related = [...ranked].map((path) => ({ path, text: index.read(path) }));
  const skills = skillsItem(index);
  const more = [problems, skills.item, ...(forTests ? overviewOf(target?.path ?? null, index) : [])];
  const collected = ({ items, left_out }: Pick<CollectedContext, "items" | "left_out">): CollectedContext => {
    const all = [...items, ...more.filter((item) => item !== null)];
    const files = { ...relations, ...around, target: target?.path ?? null, assigned: chosen, example };
    return {
      items: all,
      left_out: [...left_out, ...instructions.left_out, ...skills.left_out],
      reasons: reasonsOf(all, { ...files, instructions: instructions.paths, fromEditor }, otherReasons),
      instructions: new Set(instructions.paths),
    };
  };
  const byRelation = fillBudget(target, related, budget, index.layout);
  if (!byRelation.is_full || likeness === null) return collected(byRelation);
  const [ownTests, others] = [related.slice(0, own), related.slice(own)];
  const { ranked: liked, how } = await rankByLikeness(target, others, likeness, signal);
  return collected(fillBudget(target, [...ownTests, ...liked], budget, index.layout, how));
};

/** Reasons for the items that are not files of the workspace. */
const otherReasons: [string, string][] = [
  [PROBLEMS_ITEM, "language servers of the editor report them"],
  [SKILLS_ITEM, "agents read the skills that fit their task"],
  ...overviewItems.map((name): [string, string] => [name, "the agent writes tests"]),
];
