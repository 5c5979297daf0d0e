import { z } from "zod";
import { Lesson } from "./lessons.ts";
import { isLoopback } from "./loopback.ts";
import { Uuid } from "./primitives.ts";
import { Settings } from "./settings.ts";

/**
 * What an editor sends in addition to the language server protocol: `initializationOptions`,
 * and the settings again with `workspace/didChangeConfiguration` as `{ settings: { coditect } }`.
 * An editor that says nothing gets the defaults.
 */
export const EditorSettings = z.strictObject({
  /**
   * The user's settings that calls do not carry. Changes of `min_confidence` and `limits` take effect
   * immediately.
   */
  runtime: Settings.prefault({}),
  /**
   * The settings of the workspace, by the URI of the folder: first those of the workspace, then those of the
   * folder. They tighten the user's values and do not replace them. Values of a wrong type are ignored.
   */
  folders: z.record(z.string(), z.array(z.record(z.string(), z.unknown())).max(8)).default({}),
  /** Whether code lenses are shown over functions and tests. */
  code_lens: z.boolean().default(true),
});
export type EditorSettings = z.infer<typeof EditorSettings>;

/**
 * Commands of the editor that code lenses and code actions may name, with their one argument. The
 * language server offers only those the editor lists in `commands`.
 */
export const editorCommands = {
  /** Over a function: the TDD team on this file, about this symbol. */
  "coditect.runTddOnSymbol": z.strictObject({ uri: z.string(), symbol: z.string() }),
  /** Over a test: the bug-fix team, from this failing test. */
  "coditect.fixTest": z.strictObject({ uri: z.string(), test: z.string() }),
  /** On a finding: asks for the reason, then `findings/dismiss`. */
  "coditect.dismissFinding": z.strictObject({ uri: z.string(), finding_id: Uuid }),
  /** On a finding about a mutant: `findings/confirm`. */
  "coditect.confirmFinding": z.strictObject({ uri: z.string(), finding_id: Uuid }),
  /** On a finding: the bug-fix team, from this finding. */
  "coditect.fixFinding": z.strictObject({ uri: z.string(), finding_id: Uuid }),
  /** On a finding: its explanation as a document. */
  "coditect.explainFinding": z.strictObject({ uri: z.string(), finding_id: Uuid }),
  /** Over a lesson: `lessons/reject`. */
  "coditect.rejectLesson": z.strictObject({ uri: z.string(), lesson_id: Lesson.shape.lesson_id }),
  /** Over a lesson: the run it comes from, in the list of runs. */
  "coditect.showRun": z.strictObject({ uri: z.string(), task_id: Uuid }),
} as const;
export type EditorCommand = keyof typeof editorCommands;
export const EditorCommand = z.enum([
  "coditect.runTddOnSymbol",
  "coditect.fixTest",
  "coditect.dismissFinding",
  "coditect.fixFinding",
  "coditect.explainFinding",
  "coditect.rejectLesson",
  "coditect.showRun",
] satisfies EditorCommand[]);

export const EditorOptions = z.strictObject({
  /** Absolute path of the state folder; `null`: `.coditect/state` of the workspace folder. */
  state_folder: z.string().nullable().default(null),
  /** False in a workspace the user does not trust: nothing in it is opened, and no method is answered. */
  trusted: z.boolean().default(true),
  commands: z.array(EditorCommand).default([]),
  /** Whether it checks agent and team files with the published schemas itself. */
  has_schemas: z.boolean().default(false),
  /** Whether it lends its own language models, as `schemas/lent-models.ts` says. */
  lends_models: z.boolean().default(false),
  /** Whether it lends its own tools, as `schemas/lent-tools.ts` says. */
  lends_tools: z.boolean().default(false),
  /** Whether it keeps logins and opens their pages, as `schemas/kept-secrets.ts` says. */
  keeps_secrets: z.boolean().default(false),
  /** Translations of the texts the language server shows, by the English text. */
  texts: z.record(z.string(), z.string()).default({}),
  settings: EditorSettings.prefault({}),
  /** Where runs are made in place of this machine; `null`: here. */
  server: z
    .strictObject({
      url: z.url({ protocol: /^https?$/ }).refine((url) => {
        const { protocol, hostname } = new URL(url);
        return protocol === "https:" || isLoopback(hostname);
      }, "must be an https address"),
      token: z.string().min(1),
      /** Names this machine to the server. */
      machine: z.uuid(),
    })
    .nullable()
    .default(null),
});
export type EditorOptions = z.infer<typeof EditorOptions>;

/**
 * Which workspace folder a message is about, by URI: a window can have several, each with a runtime
 * of its own. Any `coditect/…` request may carry it in its params, in addition to the method's;
 * without it, the first folder is meant. Every `coditect/event` carries it next to the event's fields.
 */
export const WorkspaceScope = z.looseObject({ workspace: z.string().optional() });
export type WorkspaceScope = z.infer<typeof WorkspaceScope>;

/** `data` of a diagnostic and of its code actions: which finding it shows. */
export const DiagnosticData = z.strictObject({ finding_id: Uuid });
export type DiagnosticData = z.infer<typeof DiagnosticData>;

/** A notification of the language server: whether the team server of a workspace folder can be reached. */
export const REACH = "coditect/reach";
export const Reach = z.strictObject({ workspace: z.string(), is_reached: z.boolean() });
export type Reach = z.infer<typeof Reach>;
