import type { HookEvent } from "../../schemas/hooks.ts";
import type { Json } from "../../schemas/primitives.ts";

/** What a hook gets to know about the step that it runs before or after. */
export interface HookCall {
  event: HookEvent;
  /** The task of the run. */
  task_id: string;
  /** What `matcher` is compared with: the name of a tool, or the type of an agent; null: nothing. */
  subject: string | null;
  /** Further fields of the input. */
  input: Readonly<Record<string, Json>>;
}

/** The hooks of a workspace: `.coditect/hooks.json`. */
export interface Hooks {
  /** Whether the workspace has hooks for an event, allowed or not. Error: `invalid_file`. */
  has(event: HookEvent): boolean;
  /**
   * Refuses to go on while there are hooks that the user has not allowed: a guard must not be passed over
   * in silence. Errors: `hooks_unconfirmed`, `invalid_file`.
   */
  admit(): void;
  /**
   * Runs the hooks of an event, one after the other, until one refuses the step. Errors: `hook_refused`,
   * `hook_failed`, each with the hook's name; those of `admit`; `cancelled`.
   *
   * @returns what the hooks add for the agent to read; null: nothing.
   */
  run(call: HookCall, signal: AbortSignal): Promise<string | null>;
  close(): Promise<void>;
}
