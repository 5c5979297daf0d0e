import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import { Ollama } from "ollama";
import { RehearsalScript } from "../../../server/rehearsal/script.ts";
import { REHEARSAL_MODEL, type RehearsalServer, startRehearsal } from "../../../server/rehearsal/server.ts";

const script = RehearsalScript.parse({
  agents: {
    Coder: [
      [{ text: "Let me look  at it.", tool_calls: [{ tool: "read_file", arguments: { path: "a.js" } }] }],
      [{ text: "Again." }, { text: "Done." }],
    ],
  },
});

describe("rehearsal server, asked by the official client", () => {
  let server: RehearsalServer;
  let client: Ollama;
  before(async () => {
    server = await startRehearsal(script);
    client = new Ollama({ host: server.endpoint });
  });
  after(() => server.close());

  const system = { role: "system", content: "Agent: Coder\nYou write code." };
  const ask = (...messages: { role: string; content: string }[]) =>
    client.chat({ model: REHEARSAL_MODEL, messages: [system, ...messages] });

  it("streams text and tool calls as Ollama does", async () => {
    const stream = await client.chat({
      model: REHEARSAL_MODEL,
      messages: [system, { role: "user", content: "Go." }],
      stream: true,
    });
    const texts: string[] = [];
    const calls: unknown[] = [];
    const counts: number[] = [];
    for await (const chunk of stream) {
      texts.push(chunk.message.content);
      calls.push(...(chunk.message.tool_calls ?? []));
      if (chunk.done) counts.push(chunk.prompt_eval_count, chunk.eval_count);
    }
    assert.equal(texts.join(""), "Let me look  at it.");
    assert.ok(texts.filter(Boolean).length > 1, "the text comes in pieces");
    assert.deepEqual(calls, [{ function: { name: "read_file", arguments: { path: "a.js" } } }]);
    assert.ok(counts.length === 2 && counts.every((count) => count > 0));
  });

  it("finds round and turn in the conversation", async () => {
    const prompt = { role: "user", content: "Round: 2\nThe tests fail." };
    const first = await ask(prompt);
    assert.equal(first.message.content, "Again.");
    const second = await ask(prompt, first.message, { role: "tool", content: "Round: 9" });
    assert.equal(second.message.content, "Done.");
  });

  it("says which answer the script lacks", () =>
    assert.rejects(
      ask({ role: "user", content: "Go." }, { role: "assistant", content: "?" }),
      /no answer for Coder, round 1, turn 2/,
    ));

  it("knows no other model", () =>
    assert.rejects(client.chat({ model: "qwen3", messages: [system] }), /model 'qwen3' not found/));

  it("lists itself with its window and its tools", async () => {
    assert.deepEqual(
      (await client.list()).models.map((model) => model.name),
      [REHEARSAL_MODEL],
    );
    const shown = await client.show({ model: REHEARSAL_MODEL });
    assert.ok(shown.capabilities.includes("tools"));
  });
});
