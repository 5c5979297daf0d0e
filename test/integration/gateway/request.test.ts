import assert from "node:assert/strict";
import type { TranscriptEntry } from "../../../schemas/transcript.ts";
import { describeProvider } from "../../../server/models/agent.ts";
import { noUsage } from "../../../server/gateway/tokens.ts";
import { startModelServer, type ModelServer } from "../../model-servers.ts";
import { as, testDispatch } from "../../support/dispatch.ts";
import { allAt, ask, chargeTo, failureOf, gatewayWith, readFileTool } from "../../support/gateway.ts";
import { anAgent, anExecution, NOW } from "../../support/records.ts";

const never = new AbortController().signal;
const text = (value: string) => [{ type: "text" as const, text: value }];

const answered = (turn: number): TranscriptEntry => ({
  type: "answer",
  at: NOW,
  turn,
  message: { role: "assistant", content: text(`Answer ${turn}.`) },
  stop_reason: "end",
  usage: noUsage,
  cost: null,
  provider: "Claude",
  model: "m",
  cached: false,
  duration_ms: 1,
});

describe("the request of an execution", () => {
  let server: ModelServer;
  beforeEach(async () => {
    server = await startModelServer({ Coder: () => ({ text: "Hi" }) });
  });
  afterEach(() => server.close());

  const prompt: TranscriptEntry = {
    type: "prompt",
    at: NOW,
    system: "Agent: Coder",
    messages: [{ role: "user", content: text("Do it.") }],
    tools: [readFileTool],
  };
  const note: TranscriptEntry = { type: "note", at: NOW, turn: 2, text: "Call a tool." };

  const setUp = async (entries: TranscriptEntry[]) => {
    const { gateway } = gatewayWith({ endpoints: allAt(server.url) });
    const agent = { ...anAgent(), provider: server.claude() };
    const execution = anExecution("00000000-0000-4000-8000-00000000000a");
    const { name: provider, model } = describeProvider(agent.provider);
    const metadata = { ...execution.metadata, agent_id: agent.agent_id, provider, model };
    const stored = { ...execution, metadata };
    const test = testDispatch("/nowhere", { gateway });
    await test.store.commit((transaction) => {
      transaction.put("agents", agent);
      transaction.put("executions", stored);
    });
    await test.store.transcripts.append(stored.execution_id, entries);
    const request = (turn: number | null = null) =>
      test.dispatch("executions/request", { execution_id: stored.execution_id, turn }, as("viewer"), never);
    return { gateway, agent, request };
  };

  it("is what the provider was sent for that turn, without the key", async () => {
    const { gateway, agent, request } = await setUp([prompt, answered(1), note, answered(2)]);
    const messages = [
      { role: "user" as const, content: text("Do it.") },
      { role: "assistant" as const, content: text("Answer 1.") },
      { role: "user" as const, content: text("Call a tool.") },
    ];
    const asked = { system: "Agent: Coder", tools: [readFileTool], temperature: 0, max_tokens: 1 };
    await ask(gateway, { ...asked, messages }, chargeTo(agent));
    await ask(gateway, { ...asked, messages: messages.slice(0, 1) }, chargeTo(agent));
    const [last, first] = [await request(), await request(1)];
    assert.deepEqual(last.body, server.requests[0]?.body);
    assert.deepEqual(first.body, server.requests[1]?.body);
    assert.equal(last.url, `${server.url}/v1/messages`);
    assert.match(JSON.stringify(last.headers), /\[redacted\]/);
    assert.doesNotMatch(JSON.stringify(last), /key-one/);
    assert.equal(server.requests.length, 2, "a preview sends nothing");
  });

  it("is that of the turn under way while nothing is answered", async () => {
    const { request } = await setUp([prompt]);
    assert.match(JSON.stringify((await request()).body), /Do it\./);
  });

  it("is not there before the model is asked", async () => {
    const { request } = await setUp([]);
    assert.equal((await failureOf(request())).code, "not_found");
    const begun = await setUp([prompt, answered(1)]);
    assert.equal((await failureOf(begun.request(9))).code, "not_found");
  });
});
