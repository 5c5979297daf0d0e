import { HookAnswer } from "../../schemas/hooks.ts";

/** What a hook said, by its exit code or its HTTP status. */
export interface Said {
  /** `refused`: exit code 2, as in Claude Code. */
  outcome: "answered" | "refused";
  text: string;
}

/** What a hook decided about its step. */
export interface Decision {
  /** Why the step may not be taken; null: it may. */
  refusal: string | null;
  /** What the agent is given to read; null: nothing. */
  context: string | null;
}

const NO_REASON = "it gave no reason";

/**
 * Reads what a hook said. The answer begins at the first line that begins with `{`, because a hook may print a log
 * before it. Text without such a line decides nothing. Throws for JSON that is no answer.
 */
export const decisionOf = ({ outcome, text }: Said): Decision => {
  const said = text.trim();
  if (outcome === "refused") return { refusal: said === "" ? NO_REASON : said, context: null };
  const begin = said.search(/^\{/m);
  if (begin === -1) return { refusal: null, context: null };
  const answer = HookAnswer.safeParse(parse(said.slice(begin)));
  if (!answer.success) throw new Error("its answer is not one of a hook");
  const { decision, reason, stopReason, hookSpecificOutput: specific } = answer.data;
  // It asks for another input, and to go on with the old one would ignore that.
  if (Reflect.has(specific, "updatedInput")) throw new Error("it changes the input, which is not supported");
  const { permissionDecision: permission, permissionDecisionReason: why, additionalContext } = specific;
  if (!answer.data.continue) return { refusal: stopReason ?? reason ?? NO_REASON, context: null };
  if (decision === "block" || permission === "deny")
    return { refusal: reason ?? why ?? NO_REASON, context: null };
  // Nobody can be asked while agents work.
  if (permission === "ask") return { refusal: why ?? "it wants a person to be asked", context: null };
  return { refusal: null, context: additionalContext ?? null };
};

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error("its answer is not valid JSON", { cause: error });
  }
};
