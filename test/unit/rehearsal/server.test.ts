import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import { Ollama } from "ollama";
import { RehearsalScript } from "../../../server/rehearsal/script.ts";
import { REHEARSAL_MODEL, type RehearsalServer, startRehearsal } from "../../../server/rehearsal/server.ts";

const other = RehearsalScript.parse({
  task: "Fix the bug.",
  agents: { Coder: [{ text: "Fixed." }], Documenter: [{ text: "Documented." }] },
});
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
    server = await startRehearsal([script, other]);
    client = new Ollama({ host: server.endpoint });
  });
  after(() => server.close());

  const systemOf = (agent: string, round: number) => ({
    role: "system",
    content: `Agent: ${agent}\nStage: work\nRound: ${round}\n\nYou do your work.`,
  });
  const system = systemOf("Coder", 1);
  const ask = (...messages: { role: string; content: string }[]) =>
    client.chat({ model: REHEARSAL_MODEL, messages });

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
    const opening = [systemOf("Coder", 2), { role: "user", content: "The tests fail." }];
    const first = await ask(...opening);
    assert.equal(first.message.content, "Again.");
    const second = await ask(...opening, first.message, { role: "tool", content: "Round: 1" });
    assert.equal(second.message.content, "Done.");
  });

  it("plays the script of the task, and otherwise the first that knows the agent", async () => {
    const asked = async (agent: string, prompt: string) =>
      (await ask(systemOf(agent, 2), { role: "user", content: prompt })).message.content;
    assert.equal(await asked("Coder", "Please: Fix the bug."), "Fixed.");
    assert.equal(await asked("Coder", "Something else."), "Again.");
    assert.equal(await asked("Documenter", "Something else."), "Documented.");
  });

  it("says which answer the script lacks", () =>
    assert.rejects(
      ask(system, { role: "user", content: "Go." }, { role: "assistant", content: "?" }),
      /no answer for Coder\/work, round 1, turn 2/,
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
