import { AgentType } from "../../schemas/agent.ts";
import { turnAt, type RehearsalScript, type Turn } from "../../server/rehearsal/script.ts";

/** The turn of a rehearsal script for a conversation; null if there is none. Only the text decides. */
export const scriptedTurn = (script: RehearsalScript, text: string, answers: number): Turn | null =>
  turnAt(script, {
    agent: AgentType.parse(/Agent: (\w+)/.exec(text)?.[1]),
    stage: /Stage: ([a-z][a-z0-9-]*)/.exec(text)?.[1] ?? null,
    round: Number(/Round: (\d+)/.exec(text)?.[1] ?? 1),
    turn: answers + 1,
  });
