import { z } from "zod";

/**
 * When a hook runs. Names are those of Claude Code where they mean the same: a run is a session, a stage is
 * a subagent.
 */
export const HookEvent = z.enum([
  "SessionStart",
  "SessionEnd",
  "SubagentStart",
  "SubagentStop",
  "PreToolUse",
  "PostToolUse",
  "PreApply",
  "PostApply",
]);
export type HookEvent = z.infer<typeof HookEvent>;

const isPattern = (text: string): boolean => {
  try {
    return new RegExp(text) instanceof RegExp;
  } catch {
    return false;
  }
};

/** Seconds that a hook may take. */
const timeout = z.number().positive().max(600).default(60);

const CommandHook = z.strictObject({
  type: z.literal("command"),
  /** What errors call it; left out: its command. */
  name: z.string().min(1).optional(),
  /** A command of the shell `sh`, in the workspace. It gets its input as JSON on standard input. */
  command: z.string().min(1),
  timeout,
  /** `none`: it runs with the user's rights and the network; the consent question names the command. */
  sandbox: z.enum(["on", "none"]).default("on"),
});
export type CommandHook = z.infer<typeof CommandHook>;

const HttpHook = z.strictObject({
  type: z.literal("http"),
  /** What errors call it; left out: its URL. */
  name: z.string().min(1).optional(),
  /** It gets its input as the JSON body of a POST. */
  url: z.url({ protocol: /^https?$/ }),
  /** Values may be references, `secret:github`. */
  headers: z.record(z.string(), z.string()).default({}),
  timeout,
});
export type HttpHook = z.infer<typeof HttpHook>;

export const Hook = z.discriminatedUnion("type", [CommandHook, HttpHook]);
export type Hook = z.infer<typeof Hook>;

const HookGroup = z.strictObject({
  /**
   * A regular expression that matches the whole name of the tool, or of the agent's type; left out, empty
   * or `*`: all.
   */
  matcher: z
    .string()
    .refine((text) => text === "*" || isPattern(text), "is not a regular expression")
    .default("*"),
  hooks: z.array(Hook),
});

/** `.coditect/hooks.json`: what runs before and after runs, stages, tool calls and change sets. */
export const HooksFile = z.strictObject({
  $schema: z.string().optional(),
  hooks: z.partialRecord(HookEvent, z.array(HookGroup)),
});
export type HooksFile = z.infer<typeof HooksFile>;

/** What a hook may answer, as JSON. Fields that are not known are passed over, as Claude Code does. */
export const HookAnswer = z.looseObject({
  continue: z.boolean().default(true),
  stopReason: z.string().optional(),
  decision: z.enum(["approve", "block"]).optional(),
  reason: z.string().optional(),
  hookSpecificOutput: z
    .looseObject({
      permissionDecision: z.enum(["allow", "deny", "ask"]).optional(),
      permissionDecisionReason: z.string().optional(),
      additionalContext: z.string().optional(),
    })
    .default({}),
});
export type HookAnswer = z.infer<typeof HookAnswer>;
