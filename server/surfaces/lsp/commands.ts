import { z } from "zod";
import { runForFinding, runForSymbol, runForTest, type CommandRun } from "../../../schemas/command-runs.ts";
import { EditorCommand, editorCommands } from "../../../schemas/editor.ts";
import { fail } from "../../../schemas/errors.ts";
import { Uuid } from "../../../schemas/primitives.ts";
import type { RunOrigin } from "../../../schemas/run.ts";
import { commandOrigin } from "../../../schemas/run-origin.ts";
import { describeProblems } from "../../../schemas/problems.ts";
import { applyThroughEditor } from "./apply-edit.ts";
import { describeFinding } from "./diagnostics.ts";
import { withEditorView } from "./editor-view.ts";
import { inform, warn } from "./messages.ts";
import type { LanguageState } from "./state.ts";

/** Applies the change set of a run through the editor. `uri`: any URI in the folder. */
const APPLY = "coditect.applyChanges";
const ApplyArguments = z.strictObject({ uri: z.string(), task_id: Uuid });

/** The commands that `workspace/executeCommand` accepts from an editor without its own commands. */
export const serverCommands: readonly string[] = [...EditorCommand.options, APPLY];

interface CommandContext extends Pick<
  LanguageState,
  "connection" | "documents" | "openPlaceOf" | "caller" | "l10n"
> {
  /** Runs the command. */
  command: RunOrigin;
  signal: AbortSignal;
}

const read = <Schema extends z.ZodType>(
  schema: Schema,
  command: string,
  value: unknown,
): z.output<Schema> => {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw fail("invalid_params", { what: `The command ${command}`, problems: describeProblems(parsed.error) });
};

const startCommandRun = async (
  context: CommandContext,
  uri: string,
  { team, task, data }: CommandRun,
): Promise<unknown> => {
  const { session, path } = await context.openPlaceOf(uri);
  const params = await withEditorView(context.documents, session.folder, {
    team_id: team,
    task,
    data,
    file: path,
    options: { started_by: context.command },
  });
  return session.runtime.dispatch("teams/execute", params, context.caller(), context.signal);
};

const findingOf = async (context: CommandContext, uri: string, finding_id: string) => {
  const { session } = await context.openPlaceOf(uri);
  const placed = session.findings.find(finding_id);
  if (placed === null) throw fail("not_found", { kind: "open finding", id: finding_id });
  return { session, finding: placed.finding };
};

type Arguments<Name extends EditorCommand> = z.infer<(typeof editorCommands)[Name]>;

const run: {
  [Name in EditorCommand]: (context: CommandContext, given: Arguments<Name>) => Promise<unknown>;
} = {
  "coditect.runTddOnSymbol": (context, { uri, symbol }) =>
    startCommandRun(context, uri, runForSymbol(symbol, context.l10n)),

  "coditect.fixTest": (context, { uri, test }) =>
    startCommandRun(context, uri, runForTest(test, context.l10n)),

  "coditect.fixFinding": async (context, { uri, finding_id }) => {
    const { finding } = await findingOf(context, uri, finding_id);
    return startCommandRun(context, uri, runForFinding(finding));
  },

  "coditect.dismissFinding": async (context, { uri, finding_id }) => {
    const { session } = await findingOf(context, uri, finding_id);
    // This editor cannot ask for a reason, and agents would use an invented reason as guidance.
    const params = { finding_id, reason: null };
    return session.runtime.dispatch("findings/dismiss", params, context.caller(), context.signal);
  },

  "coditect.confirmFinding": async (context, { uri, finding_id }) => {
    const { session } = await findingOf(context, uri, finding_id);
    return session.runtime.dispatch("findings/confirm", { finding_id }, context.caller(), context.signal);
  },

  "coditect.explainFinding": async (context, { uri, finding_id }) => {
    const { finding } = await findingOf(context, uri, finding_id);
    inform(context.connection, describeFinding(finding, context.l10n));
    return null;
  },

  "coditect.rejectLesson": async (context, { uri, lesson_id }) => {
    const { session } = await context.openPlaceOf(uri);
    return session.runtime.dispatch("lessons/reject", { lesson_id }, context.caller(), context.signal);
  },

  "coditect.showRun": async (context, { uri, task_id }) => {
    const { session } = await context.openPlaceOf(uri);
    const params = { task_id };
    const { task, run: state } = await session.runtime.dispatch(
      "runs/get",
      params,
      context.caller(),
      context.signal,
    );
    inform(context.connection, `${task.workflow}, ${state.created_at}: ${task.description}`);
    return null;
  },
};

const apply = async (context: CommandContext, { uri, task_id }: z.infer<typeof ApplyArguments>) => {
  const { connection, documents, l10n, signal } = context;
  const { session } = await context.openPlaceOf(uri);
  const { folder, runtime } = session;
  const left = await applyThroughEditor(connection, folder, runtime, documents, {
    task_id,
    caller: context.caller(),
    signal,
    label: l10n.t("Apply the agents' changes"),
  });
  if (left.length > 0)
    warn(connection, l10n.t("Not applied, because your edits overlap: {0}", left.join(", ")));
  return { left };
};

/** Runs a command with its argument. Errors: `unknown_method`, `invalid_params`, and those of the command. */
export const executeCommand = async (
  state: LanguageState,
  command: string,
  argument: unknown,
  signal: AbortSignal,
): Promise<unknown> => {
  const context = { ...state, command: commandOrigin(command), signal };
  if (command === APPLY) return apply(context, read(ApplyArguments, command, argument));
  const name = EditorCommand.safeParse(command);
  if (!name.success) throw fail("unknown_method", { method: command });
  const given: unknown = read(editorCommands[name.data], command, argument);
  // The command's own schema parsed `given`, so it has the right type.
  return run[name.data](context, given as never);
};
