import { AgentType } from "../../schemas/agent.ts";
import { Json } from "../../schemas/primitives.ts";
import { turnAt, type RehearsalScript } from "../../server/rehearsal/script.ts";
import {
  startModelServer,
  type JournalEntry,
  type ModelServer,
  type Script,
  type Turn,
} from "../model-servers.ts";
import { z } from "zod";

const Conversation = z.object({ messages: z.array(z.looseObject({ role: z.string() })) });
const Arguments = z.record(z.string(), Json);

/** The turn of a rehearsal script for a request of any protocol. Only the request decides. */
const turnOf = (script: RehearsalScript, agent: AgentType, { body }: JournalEntry): Turn => {
  const text = JSON.stringify(body);
  const answered = Conversation.parse(body).messages.filter(({ role }) => role === "assistant").length;
  const turn = turnAt(script, {
    agent,
    stage: /Stage: ([a-z][a-z0-9-]*)/.exec(text)?.[1] ?? null,
    round: Number(/Round: (\d+)/.exec(text)?.[1] ?? 1),
    turn: answered + 1,
  });
  if (turn === null) return { status: 400 };
  const calls = turn.tool_calls.map(({ tool, arguments: given }) => ({
    tool,
    arguments: Arguments.parse(given),
  }));
  return { text: turn.text, calls };
};

/** A model that plays a rehearsal script over the protocols of all providers. */
export const startScriptedModel = (script: RehearsalScript): Promise<ModelServer> => {
  const agents: Script = {};
  for (const agent of AgentType.options) agents[agent] = (entry) => turnOf(script, agent, entry);
  return startModelServer(agents);
};
