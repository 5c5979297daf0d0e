import assert from "node:assert/strict";
import type { StopReason } from "../../../schemas/messages.ts";
import {
  claudeProtocol,
  geminiProtocol,
  huggingFaceProtocol,
  ollamaProtocol,
  type Protocol,
} from "../../model-protocols.ts";
import { listen, readBody } from "../../model-servers.ts";
import { agentWith, allAt, ask, chargeTo, gatewayWith, question, quickClock } from "../../support/gateway.ts";

/** How a stream of each service says why it ended, and what is made of it; null: it is asked again. */
const cases: readonly [Protocol, from: RegExp, Readonly<Record<string, StopReason | null>>][] = [
  [
    claudeProtocol,
    /"stop_reason":"end_turn"/,
    {
      '"stop_reason":"end_turn"': "end",
      '"stop_reason":"stop_sequence"': "end",
      '"stop_reason":"max_tokens"': "length",
      '"stop_reason":"model_context_window_exceeded"': "length",
      '"stop_reason":"refusal"': "refusal",
      '"stop_reason":"a_new_one"': "end",
      '"stop_reason":null': null,
    },
  ],
  [
    geminiProtocol,
    /"finishReason":"STOP"/,
    {
      '"finishReason":"STOP"': "end",
      '"finishReason":"MAX_TOKENS"': "length",
      '"finishReason":"SAFETY"': "safety",
      '"finishReason":"RECITATION"': "safety",
      '"finishReason":"BLOCKLIST"': "safety",
      '"finishReason":"PROHIBITED_CONTENT"': "safety",
      '"finishReason":"SPII"': "safety",
      '"finishReason":"MALFORMED_FUNCTION_CALL"': null,
      '"finishReason":"OTHER"': null,
    },
  ],
  [
    ollamaProtocol,
    /"done":true,"done_reason":"stop"/,
    {
      '"done":true,"done_reason":"stop"': "end",
      '"done":true,"done_reason":"length"': "length",
      '"done":false': null,
    },
  ],
  [
    huggingFaceProtocol,
    /"finish_reason":"stop"/,
    {
      '"finish_reason":"stop"': "end",
      '"finish_reason":"eos_token"': "end",
      '"finish_reason":"length"': "length",
      '"finish_reason":"content_filter"': "safety",
      // The stream has its own end, `[DONE]`: some servers say no more than that.
      '"finish_reason":null': "end",
    },
  ],
];

/** Answers the first request with the stream, and every further one as the protocol has it. */
const askStream = async (protocol: Protocol, stream: (whole: string) => string) => {
  let asked = 0;
  const server = await listen((_request, response) => {
    response.writeHead(200, { "content-type": protocol.contentType });
    const whole = protocol.events({ text: "Hi" }, {}, 1).join("");
    response.end(asked++ === 0 ? stream(whole) : whole);
    return Promise.resolve();
  });
  const { gateway } = gatewayWith({ endpoints: allAt(server.url), clock: quickClock() });
  const charge = chargeTo(agentWith(protocol.provider(server.url), { max_retries: 1 }));
  try {
    const { answer, signals } = await ask(gateway, question("Hello"), charge);
    return { answer, signals, asked };
  } finally {
    await server.close();
  }
};

for (const [protocol, from, endings] of cases) {
  describe(`the end of a stream of ${protocol.name}`, () => {
    for (const [ending, expected] of Object.entries(endings)) {
      it(`with ${ending} ${expected === null ? "is asked again" : `means ${expected}`}`, async () => {
        const { answer, asked } = await askStream(protocol, (whole) => {
          assert.match(whole, from, "the stream has the place that is changed");
          return whole.replace(from, ending);
        });
        assert.equal(asked, expected === null ? 2 : 1);
        assert.equal(answer.stop_reason, expected ?? "end");
        assert.deepEqual(answer.message.content, [{ type: "text", text: "Hi" }]);
      });
    }
  });
}

describe("what only one service says in a stream", () => {
  it("Gemini: the question itself is blocked", async () => {
    const blocked = `data: ${JSON.stringify({ promptFeedback: { blockReason: "SAFETY" } })}\r\n\r\n`;
    const { answer } = await askStream(geminiProtocol, () => blocked);
    assert.equal(answer.stop_reason, "safety");
    assert.deepEqual(answer.message.content, []);
  });

  it("Gemini: a call it could not read is asked for again in other words", async () => {
    const bodies: string[] = [];
    const server = await listen(async (request, response) => {
      bodies.push(JSON.stringify(await readBody(request)));
      response.writeHead(200, { "content-type": geminiProtocol.contentType });
      const whole = geminiProtocol.events({ text: "Hi" }, {}, 1).join("");
      response.end(bodies.length === 1 ? whole.replace('"STOP"', '"MALFORMED_FUNCTION_CALL"') : whole);
    });
    const { gateway } = gatewayWith({ endpoints: allAt(server.url), clock: quickClock() });
    await ask(gateway, question("Hello"), chargeTo(agentWith(geminiProtocol.provider(server.url))));
    await server.close();
    assert.deepEqual(
      bodies.map((body) => body.includes("Your last tool call could not be read")),
      [false, true],
    );
  });

  it("Claude: it is overloaded in the middle of an answer, which is asked for again", async () => {
    const error = { type: "error", error: { type: "overloaded_error", message: "Overloaded" } };
    const { answer, signals, asked } = await askStream(claudeProtocol, (whole) =>
      whole.replace(/event: content_block_stop[\s\S]*/, `event: error\ndata: ${JSON.stringify(error)}\n\n`),
    );
    assert.equal(asked, 2);
    assert.ok(signals.some(({ type }) => type === "withdrawn"));
    const retry = signals.find(({ type }) => type === "retry");
    assert.match(retry?.type === "retry" ? retry.reason : "", /529/);
    assert.deepEqual(answer.message.content, [{ type: "text", text: "Hi" }]);
  });

  it("Ollama: an error in the middle of an answer, which is asked for again", async () => {
    const { asked } = await askStream(ollamaProtocol, (whole) => {
      const [first = ""] = whole.split("\n");
      return `${first}\n{"error":"an error was encountered while running the model"}\n`;
    });
    assert.equal(asked, 2);
  });

  it("Hugging Face: an error in the middle of an answer, which is asked for again", async () => {
    const { asked } = await askStream(huggingFaceProtocol, (whole) => {
      const [first = ""] = whole.split("\n\n");
      return `${first}\n\ndata: {"error":{"message":"upstream host failed"}}\n\n`;
    });
    assert.equal(asked, 2);
  });
});
