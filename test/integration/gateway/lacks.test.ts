import assert from "node:assert/strict";
import type { Message } from "../../../schemas/messages.ts";
import { claudeProtocol, geminiProtocol, huggingFaceProtocol } from "../../model-protocols.ts";
import {
  agentWith,
  allAt,
  ask,
  chargeTo,
  failureCase,
  gatewayWith,
  modelServers,
  question,
} from "../../support/gateway.ts";

type Body = Record<string, unknown> | undefined;
const systemIn = (body: Body): boolean => JSON.stringify(body?.messages).includes('"system"');

/** How services say what they do not take of a request, and what shows whether it is in one. */
const refusals: readonly [what: string, words: string, isIn: (body: Body) => boolean][] = [
  [
    "the limit under its older name",
    "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
    (body) => body?.max_tokens !== undefined && body.max_completion_tokens === undefined,
  ],
  [
    "options of a stream",
    "body -> stream_options: Extra inputs are not permitted",
    (body) => body?.stream_options !== undefined,
  ],
  [
    "a temperature",
    "Unsupported value: 'temperature' does not support 0.2 with this model. Only the default (1) value is supported.",
    (body) => body?.temperature !== undefined,
  ],
  ["a system message", "Conversation roles: System role not supported", systemIn],
  ["a system message, in other words", "Developer instruction is not enabled for this model", systemIn],
  ["tools", "This model does not support tools", (body) => body?.tools !== undefined],
];

describe("a model of an OpenAI-shaped service that refuses", () => {
  const begin = failureCase(huggingFaceProtocol, modelServers());
  const tools = [{ name: "look", description: "Looks.", schema: { type: "object" } }];

  for (const [what, message, isIn] of refusals)
    it(`${what} is asked without it, from then on`, async () => {
      const body = JSON.stringify({ error: { message } });
      const { gateway, charge, requests } = await begin([
        { status: 400, body },
        { text: "Yes." },
        { text: "Again." },
      ]);
      const { answer } = await ask(gateway, question("Hello", { tools }), charge);
      assert.deepEqual(answer.message.content, [{ type: "text", text: "Yes." }]);
      await ask(gateway, question("And now?", { tools }), charge);
      assert.deepEqual(
        requests.map((request) => isIn(request.body)),
        [true, false, false],
      );
      assert.match(JSON.stringify(requests[2]?.body), /You write code\./, "nothing of the task is lost");
    });
});

describe("thoughts that a service refuses", () => {
  const serve = modelServers();

  for (const [protocol, words] of [
    [claudeProtocol, "messages.1.content.0: Invalid `signature` in `thinking` block"],
    [geminiProtocol, "Corrupted thought signature."],
  ] as const)
    it(`are left out of this conversation only (${protocol.name})`, async () => {
      const refusal = { status: 400, body: protocol.error(400, words) };
      const server = await serve({ Coder: [refusal, { text: "A" }, { text: "B" }, { text: "C" }] });
      const { gateway } = gatewayWith({ endpoints: allAt(server.url) });
      const agent = agentWith(protocol.provider(server.url));
      const signature = `${protocol.name.toLowerCase()}:c2lnbmF0dXJl`;
      const messages: Message[] = [
        ...question("Hello").messages,
        {
          role: "assistant",
          content: [
            { type: "reasoning", text: "Hm.", signature },
            { type: "tool_call", call_id: "1", tool: "look", arguments: {}, invalid: null, signature },
          ],
        },
        ...question("Go on").messages,
      ];
      const [one, other] = [chargeTo(agent), chargeTo(agent)];
      for (const charge of [one, one, other]) await ask(gateway, question("", { messages }), charge);
      assert.deepEqual(
        server.requests.map(({ body }) => JSON.stringify(body).includes("c2lnbmF0dXJl")),
        [true, false, false, true],
      );
    });
});
