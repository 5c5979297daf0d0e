import { z } from "zod";
import { EditorContext } from "../../../schemas/editor-context.ts";
import { fail } from "../../../schemas/errors.ts";
import { describeProblems } from "../../../schemas/problems.ts";
import { Overlay } from "../../../schemas/run.ts";
import { demandOpen, ignoreRules } from "../../workspace/ignore.ts";
import { toWorkspacePath } from "../../workspace/paths.ts";
import type { Documents } from "./documents.ts";
import type { Folder } from "./folders.ts";

/** Params of a method that hands the workspace to agents. The dispatch checks them later. */
export interface WorkParams {
  file?: unknown;
  options?: unknown;
}

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;

/** An option of a run, which is refused if it cannot be read. Errors: `invalid_params`. */
const parsed = <Type extends z.ZodType>(type: Type, value: unknown, name: string): z.infer<Type> => {
  const read = type.safeParse(value);
  if (read.success) return read.data;
  throw fail("invalid_params", { what: `The option ${name}`, problems: describeProblems(read.error) });
};

/**
 * Adds the unsaved texts of the folder, unless the caller sent some of its own. Leaves out what the editor knows
 * about files that agents may not see: the runtime can be on a server of a team, and nothing about these files
 * may go there. Errors: `ignored_file` and `outside_workspace`, both about the file of the task; `invalid_params`
 * for what cannot be read, because it cannot be checked.
 */
export const withEditorView = async <Params extends WorkParams>(
  documents: Pick<Documents, "unsaved">,
  folder: Folder,
  params: Params,
): Promise<Params & { options: Record<string, unknown> }> => {
  const rules = ignoreRules(folder.root);
  const isOpen = ({ path }: { path: string }): boolean => rules.closedBy(path) === null;
  if (typeof params.file === "string") demandOpen(rules, toWorkspacePath(params.file));
  const options = isObject(params.options) ? { ...params.options } : {};
  options.overlays ??= await documents.unsaved(folder);
  options.overlays = parsed(z.array(Overlay), options.overlays, "overlays").filter(isOpen);
  if (options.editor_context !== undefined) {
    const context = parsed(EditorContext, options.editor_context, "editor_context");
    options.editor_context = {
      definitions: context.definitions.filter(isOpen),
      references: context.references.filter(isOpen),
      problems: context.problems.filter(isOpen),
    };
  }
  return { ...params, options };
};
