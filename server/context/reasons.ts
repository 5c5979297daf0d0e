import type { ContextItem } from "../../schemas/execution.ts";
import type { Relations } from "./relations.ts";

/** Why an item is in the context, as shown to the user. */
export interface ContextReason {
  name: string;
  reason: string;
}

/** The files of a context, by why they were chosen. */
interface ChosenFiles extends Relations {
  /** The file that the task is about. */
  target: string | null;
  instructions: readonly string[];
  assigned: readonly string[];
  example: string | null;
  configuration: readonly string[];
  documentation: readonly string[];
  /** The reasons that the editor's language servers gave, by path. They name symbols. */
  fromEditor: ReadonlyMap<string, string>;
}

const because = (paths: readonly (string | null)[], reason: string): [string, string][] =>
  paths.flatMap((path): [string, string][] => (path === null ? [] : [[path, reason]]));

/** Why each item is in the context. `others`: the reasons for items that are not files, by name. */
export const reasonsOf = (
  items: readonly ContextItem[],
  chosen: ChosenFiles,
  others: readonly [string, string][],
): ContextReason[] => {
  const file = chosen.target ?? "the workspace";
  const byImportance = [
    ...others,
    ...because([chosen.target], "the task is about it"),
    ...because(chosen.instructions, "it tells agents how work is done in this project"),
    ...because(chosen.assigned, "an earlier agent chose it for this task"),
    ...because(chosen.ownTests, `its name says that it tests ${file}`),
    ...chosen.fromEditor,
    ...because([chosen.example], `it is the nearest test to ${file}, as an example`),
    ...because(chosen.imports, `${file} imports it, or it defines what ${file} imports`),
    ...because(chosen.configuration, `it configures the folder of ${file} or one above`),
    ...because(chosen.tests, `it is a test that imports ${file}`),
    ...because(chosen.importers, `it imports ${file}`),
    ...because(chosen.documentation, `it documents the folder of ${file} or one above`),
  ];
  const reasons = new Map(byImportance.reverse());
  return items.flatMap(({ name }) => {
    const reason = reasons.get(name);
    return reason === undefined ? [] : [{ name, reason }];
  });
};
