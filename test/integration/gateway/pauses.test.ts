import assert from "node:assert/strict";
import { claudeProtocol } from "../../model-protocols.ts";
import { ask, failureCase, failureOf, modelServers, question, shownText } from "../../support/gateway.ts";

const text = (part: { type: string; text?: string }): string | undefined => part.text;

const lastMessage = (body: Record<string, unknown> | undefined): unknown =>
  Array.isArray(body?.messages) ? body.messages.at(-1) : undefined;

describe("a model of Claude that pauses within its answer", () => {
  const begin = failureCase(claudeProtocol, modelServers());

  it("gets back what it has said, and its parts are one answer with the cost of all", async () => {
    const { gateway, charge, requests, ledger } = await begin([
      { reasoning: "I look.", text: "First \n", stop: "pause", usage: { input: 100, output: 10 } },
      { text: "second ", stop: "pause", usage: { input: 200, output: 20 } },
      { text: "third.", usage: { input: 300, output: 30 } },
    ]);
    const { answer, signals } = await ask(gateway, question("Hello"), charge);
    assert.equal(answer.stop_reason, "end");
    assert.deepEqual(answer.message.content.map(text), ["I look.", "First \n", "second ", "third."]);
    assert.equal(shownText(signals), "First \nsecond third.");
    assert.deepEqual([answer.usage.input, answer.usage.output], [600, 60]);
    assert.equal(ledger.entries.length, 3);
    const ledgerCents = ledger.entries.reduce((sum, entry) => sum + (entry.cost_microcents ?? 0), 0);
    assert.equal(Math.round((answer.cost ?? 0) * 1e8), ledgerCents);
    assert.equal(requests.length, 3);
    // White space at the end of what is to be continued is refused.
    assert.deepEqual(lastMessage(requests[1]?.body), {
      role: "assistant",
      content: [
        { type: "thinking", thinking: "I look.", signature: "c2lnbmF0dXJl" },
        { type: "text", text: "First", cache_control: { type: "ephemeral" } },
      ],
    });
  });

  it("hands on a call at once", async () => {
    const call = { tool: "read_file", arguments: { path: "a.ts" } };
    const { gateway, charge, requests } = await begin([{ calls: [call], stop: "pause" }]);
    const { answer } = await ask(gateway, question("Hello"), charge);
    assert.equal(answer.stop_reason, "tool_calls");
    assert.equal(requests.length, 1);
  });

  it("keeps what was shown of earlier parts where a later one breaks off", async () => {
    const { gateway, charge, requests } = await begin(
      [{ text: "First ", stop: "pause" }, { text: "lost", cutAfter: 3 }, { text: "second." }],
      { max_retries: 1 },
    );
    const { answer, signals } = await ask(gateway, question("Hello"), charge);
    assert.deepEqual(answer.message.content.map(text), ["First ", "second."]);
    assert.equal(shownText(signals), "First second.");
    assert.equal(requests.length, 3);
  });

  it("is paid for and void where the rest never comes", async () => {
    const { gateway, charge } = await begin([{ text: "First ", stop: "pause" }, { status: 400 }]);
    const told: string[] = [];
    const spent: number[] = [];
    const error = await failureOf(
      gateway.generate(question("Hello"), charge, {
        signal: new AbortController().signal,
        tell: ({ type }) => told.push(type),
        spent: ({ usage }) => Promise.resolve(void spent.push(usage.output)),
      }),
    );
    assert.equal(error.code, "provider_refused");
    assert.deepEqual(told, ["text", "withdrawn"]);
    assert.equal(spent.length, 1);
  });

  it("is not asked for ever", async () => {
    const { gateway, charge, requests } = await begin(Array(20).fill({ text: "And ", stop: "pause" }));
    const error = await failureOf(ask(gateway, question("Hello"), charge));
    assert.match(error.message, /it paused 9 times and did not finish/);
    assert.equal(requests.length, 9);
  });
});
