import { setTimeout as pause } from "node:timers/promises";
import {
  type CallToolResult,
  type Client,
  type ContentBlock,
  type InputRequiredResult,
  type InputResponses,
  isInputRequiredResult,
  type Tool,
} from "@modelcontextprotocol/client";
import { ElicitRequestSchema } from "@modelcontextprotocol/core";
import type { Json } from "../../schemas/primitives.ts";
import type { CallUnderWay } from "./call-under-way.ts";
import type { ToolAnswer } from "./tools-api.ts";

/**
 * A call that reports progress or asks the user may take longer than one that is silent, but not longer than
 * this with all its rounds.
 */
const LONGEST_CALL_MILLISECONDS = 600_000;

/** How often a server may answer one call with questions instead of a result. */
const MOST_ROUNDS = 10;
/** The delay before a repeated call if the server asked nothing and only wants another call. */
const PAUSE_MILLISECONDS = 250;

/** What the next request of a call sends back to a server that asked for something. */
interface Repeated {
  inputResponses?: InputResponses;
  requestState?: string;
}

/** Calls a tool of a server, which may take long while it reports progress or asks the user. */
export const callOnce = async (
  client: Client,
  tool: Tool,
  input: Readonly<Record<string, Json>>,
  call: CallUnderWay,
): Promise<ToolAnswer> => {
  // Agents get the content alone. To check the rest by a server's schema could take the runtime hours.
  const { outputSchema: _unchecked, ...toolDefinition } = tool;
  const until = performance.now() + LONGEST_CALL_MILLISECONDS;
  const options = {
    signal: call.signal,
    toolDefinition,
    // The server reports progress only to a client that listens.
    onprogress: () => {
      call.heard();
    },
    // The SDK would answer questions without saying which call they belong to.
    allowInputRequired: true,
  };
  let repeated: Repeated = {};
  for (let round = 1; ; round += 1) {
    const request = { name: tool.name, arguments: input, ...repeated };
    const timeout = Math.max(1, until - performance.now());
    const result: CallToolResult | InputRequiredResult = await client.callTool(request, {
      ...options,
      timeout,
    });
    if (!isInputRequiredResult(result))
      return { content: result.content.map(textOf).join("\n"), is_error: result.isError === true };
    if (round === MOST_ROUNDS)
      throw new Error(`it asked for something ${MOST_ROUNDS} times instead of an answer`);
    call.heard();
    repeated = await repeatedTo(result, call);
  }
};

/** Asks the user what the server wants to know since protocol 2026-07-28, which is part of its result. */
const repeatedTo = async (
  { inputRequests = {}, requestState }: InputRequiredResult,
  call: CallUnderWay,
): Promise<Repeated> => {
  const questions = Object.entries(inputRequests);
  if (questions.length === 0) await pause(PAUSE_MILLISECONDS, undefined, { signal: call.signal });
  const answers = await Promise.all(
    questions.map(async ([key, question]) => {
      const read = ElicitRequestSchema.safeParse(question).data;
      if (read === undefined)
        throw new Error(`it asked for ${question.method}, which CODITECT does not offer`);
      return [key, await call.elicit(read.params, call.signal)] as const;
    }),
  );
  return {
    ...(answers.length > 0 && { inputResponses: Object.fromEntries(answers) }),
    ...(requestState !== undefined && { requestState }),
  };
};

/** The parts of a result that a model can read. */
export const textOf = (part: ContentBlock): string => {
  switch (part.type) {
    case "text":
      return part.text;
    case "resource":
      return "text" in part.resource ? part.resource.text : `[binary resource ${part.resource.uri}]`;
    case "resource_link":
      // A link is a name, not a right: nothing is read until the agent asks the server for it.
      return `[resource ${part.uri}]`;
    default:
      return `[${part.type}, ${part.mimeType}]`;
  }
};
