import assert from "node:assert/strict";
import fc from "fast-check";
import type { LentFailure, LentPart, LentRequest, LentResult } from "../../../schemas/lent-models.ts";
import type { Message } from "../../../schemas/messages.ts";
import { EditorGone, type EditorModels } from "../../../server/gateway/editor-models.ts";
import { lentRequest } from "../../../server/gateway/providers/vscode.ts";
import {
  agentWith,
  ask,
  chargeTo,
  failureOf,
  gatewayWith,
  modelServers,
  question,
  quickClock,
  readFileTool,
  shownText,
} from "../../support/gateway.ts";
import { someModel, someProvider } from "../../support/lent-model.ts";

type Answer = (
  part: (part: LentPart) => void,
  request: LentRequest,
  signal: AbortSignal,
) => Promise<LentResult>;

/** An editor that answers the requests in this order. */
const lender = (...answers: Answer[]): EditorModels & { requests: LentRequest[] } => {
  const requests: LentRequest[] = [];
  return {
    requests,
    known: () => someModel,
    list: () => Promise.resolve([someModel]),
    generate: async (request, { signal, part }) => {
      const answer = answers[requests.length];
      requests.push(request);
      assert.ok(answer, "the model was asked too often");
      return answer(part, request, signal);
    },
  };
};
const says =
  (...parts: LentPart[]): Answer =>
  (part) => {
    part({ type: "asked", input_tokens: 50 });
    for (const each of parts) part(each);
    return Promise.resolve({ output_tokens: 7 });
  };
const fails =
  (code: LentFailure["code"], message = "reason", more: Partial<LentFailure> = {}): Answer =>
  () =>
    Promise.resolve({ failure: { code, message, ...more } });
const text = (value: string): LentPart => ({ type: "text", text: value });
const call = (call_id: string, given: unknown): LentPart => ({
  ...{ type: "tool_call", call_id, tool: "read_file", arguments: given },
});

describe("models that the editor lends", () => {
  const serve = modelServers();
  const lent = chargeTo(agentWith(someProvider));

  it("answer with text and calls, with the tokens of their own counter", async () => {
    const editor = lender(says(text("I "), text("look."), call("c1", { path: "a.ts" })));
    const { gateway, ledger } = gatewayWith({ editor });
    const request = question("Look.", { tools: [readFileTool] });
    const { answer, signals } = await ask(gateway, request, lent);
    assert.equal(shownText(signals), "I look.");
    assert.equal(answer.stop_reason, "tool_calls");
    assert.deepEqual(answer.message.content, [
      { type: "text", text: "I look." },
      {
        ...{ type: "tool_call", call_id: "c1", tool: "read_file", arguments: { path: "a.ts" } },
        ...{ invalid: null, signature: null },
      },
    ]);
    assert.deepEqual([answer.usage.input, answer.usage.output, answer.cost], [50, 7, null]);
    const [entry] = ledger.entries;
    assert.ok(entry);
    assert.equal(entry.cost_microcents, null);
    assert.ok(entry.assumed_microcents > 0);
    assert.deepEqual(editor.requests[0]?.tools, [readFileTool]);
  });

  it("get the system's text first, and results directly after the calls", () => {
    const messages: Message[] = [
      { role: "user", content: [{ type: "text", text: "Look." }] },
      {
        role: "assistant",
        content: [
          { type: "reasoning", text: "hm", signature: "s" },
          {
            ...{ type: "tool_call", call_id: "c1", tool: "read_file", arguments: "{cut" },
            ...{ invalid: "no JSON", signature: null },
          },
        ],
      },
      {
        role: "user",
        content: [
          { type: "text", text: "A note." },
          { type: "image", mime_type: "image/png", data: "aGk=" },
          { type: "tool_result", call_id: "c1", tool: "read_file", content: "1: x", is_error: false },
        ],
      },
    ];
    assert.deepEqual(lentRequest("v/m", { system: "Agent: Coder", messages, tools: [] }).messages, [
      { role: "user", content: [{ type: "text", text: "Agent: Coder" }] },
      { role: "user", content: [{ type: "text", text: "Look." }] },
      {
        role: "assistant",
        content: [{ type: "tool_call", call_id: "c1", tool: "read_file", arguments: { unreadable: "{cut" } }],
      },
      {
        role: "user",
        content: [
          { type: "tool_result", call_id: "c1", content: "1: x" },
          { type: "text", text: "A note." },
          { type: "text", text: "[a picture of type image/png, which you cannot see]" },
        ],
      },
    ]);
  });

  it("never get a message without content, and every text and result once", () => {
    const part = fc.oneof(
      fc.record({ type: fc.constant("text" as const), text: fc.string() }),
      fc.record({
        type: fc.constant("tool_result" as const),
        call_id: fc.string(),
        tool: fc.string(),
        content: fc.string(),
        is_error: fc.boolean(),
      }),
    );
    const message = fc.record({ role: fc.constant("user" as const), content: fc.array(part) });
    fc.assert(
      fc.property(fc.array(message), (messages) => {
        const sent = lentRequest("v/m", { system: "", messages, tools: [] }).messages;
        assert.ok(sent.every(({ content }) => content.length > 0));
        const expected = messages.flatMap(({ content }) =>
          content.filter((each) => each.type === "tool_result" || each.text !== ""),
        );
        const count = sent.reduce((sum, { content }) => sum + content.length, 0);
        assert.equal(count, expected.length);
      }),
    );
  });

  it("may call loosely: no id, the same id twice, arguments as text or left out", async () => {
    const editor = lender(says(call("", '{"path":"a"}'), call("x", { path: "b" }), call("x", undefined)));
    const { gateway } = gatewayWith({ editor });
    const { answer } = await ask(gateway, question("Look.", { tools: [readFileTool] }), lent);
    const calls = answer.message.content.flatMap((part) => (part.type === "tool_call" ? [part] : []));
    assert.deepEqual(
      calls.map((each) => each.arguments),
      [{ path: "a" }, { path: "b" }, {}],
    );
    assert.equal(new Set(calls.map(({ call_id }) => call_id)).size, 3);
  });

  const failures: readonly [LentFailure["code"], string, string, Partial<LentFailure>?][] = [
    ["NoPermissions", "The user said no", "model_not_allowed"],
    ["Blocked", "You are blocked", "model_not_allowed"],
    ["Blocked", "You have exceeded your premium request quota", "provider_quota"],
    ["Blocked", "Request failed: off_topic", "answer_blocked"],
    ["Unknown", "Response got filtered: content_filter", "answer_blocked"],
    ["NotFound", "gone", "model_not_found"],
    ["TooLong", "", "context_too_long", { tokens: 70_000, window: 64_000 }],
  ];
  for (const [code, message, expected, more] of failures)
    it(`fail with ${expected} at once when VS Code says ${code}: ${message || "too long"}`, async () => {
      const { gateway } = gatewayWith({ editor: lender(fails(code, message, more)), clock: quickClock() });
      const error = await failureOf(ask(gateway, question("x"), lent));
      assert.equal(error.code, expected);
      if (code !== "NotFound") assert.ok(error.message.includes(message));
      assert.ok(error.nextStep);
    });

  it("are asked again after an error that nobody knows", async () => {
    const editor = lender(fails("Unknown", "Server error"), says(text("Done.")));
    const { gateway } = gatewayWith({ editor, clock: quickClock() });
    const { answer, signals } = await ask(gateway, question("x"), lent);
    assert.deepEqual(answer.message.content, [text("Done.")]);
    assert.ok(signals.some((signal) => signal.type === "retry" && signal.reason.includes("Server error")));
  });

  it("are asked without tools of their own once they turn out to have none", async () => {
    const refusing = fails("Unknown", "gpt-lent does not support tools");
    const editor = lender(
      refusing,
      says(text('```json\n{"tool":"read_file","arguments":{"path":"a"}}\n```')),
    );
    const { gateway } = gatewayWith({ editor, clock: quickClock() });
    const { answer } = await ask(gateway, question("x", { tools: [readFileTool] }), lent);
    assert.equal(answer.stop_reason, "tool_calls");
    assert.deepEqual(editor.requests[1]?.tools, []);
  });

  it("leave the answer to the next provider, and take over from one", async () => {
    const server = await serve({ Coder: [{ text: "From Ollama." }, { status: 401 }] });
    const editor = lender(fails("NoPermissions"), says(text("From VS Code.")));
    const { gateway } = gatewayWith({ editor, clock: quickClock() });
    const first = chargeTo(agentWith(someProvider, { failover: [server.ollama()] }));
    assert.equal((await ask(gateway, question("x"), first)).answer.provider, "Ollama");
    const second = chargeTo(agentWith(server.ollama(), { failover: [someProvider] }));
    const { answer } = await ask(gateway, question("y"), second);
    assert.deepEqual([answer.provider, answer.model], ["VSCode", "copilot/gpt-lent"]);
  });

  it("are cut when they write far more than the answer may have", async () => {
    let stopped = false;
    const editor = lender((part, _, signal) => {
      part({ type: "asked", input_tokens: 50 });
      for (let piece = 0; piece < 100; piece++) part(text("word ".repeat(20)));
      return new Promise((resolve) => {
        const stop = (): void => {
          stopped = true;
          resolve({ failure: { code: "Unknown", message: "cancelled" } });
        };
        if (signal.aborted) stop();
        else signal.addEventListener("abort", stop);
      });
    });
    const { gateway } = gatewayWith({ editor });
    const request = question("x", { max_tokens: 100, max_tokens_by: "user" });
    const { answer } = await ask(gateway, request, lent);
    assert.equal(answer.stop_reason, "length");
    assert.ok(answer.usage.output < 300, String(answer.usage.output));
    assert.ok(stopped);
  });

  it("are given up when they fall silent", async () => {
    const silent: Answer = (part, _, signal) => {
      part({ type: "asked", input_tokens: 50 });
      return new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => {
          reject(new EditorGone("cancelled"));
        });
      });
    };
    const editor = lender(silent);
    const { gateway } = gatewayWith({ editor, clock: quickClock(), deadlines: { silence: 20 } });
    const charge = chargeTo(agentWith(someProvider, { max_retries: 0 }));
    assert.equal((await failureOf(ask(gateway, question("x"), charge))).code, "timed_out");
  });

  it("name the editor as the one that is gone, and wait until the runtime ends", async () => {
    const clock = quickClock();
    const gone: Answer = () => Promise.reject(new EditorGone("VS Code ended the call (closed)"));
    const { gateway } = gatewayWith({ editor: lender(gone, gone), clock });
    const charge = chargeTo(agentWith(someProvider, { max_retries: 1 }));
    const error = await failureOf(ask(gateway, question("x"), charge));
    assert.equal(error.code, "provider_unreachable");
    assert.match(error.message, /VS Code ended the call/);
    assert.deepEqual(clock.waits, [10_000]);
  });

  it("are no models where no editor is connected", async () => {
    const { gateway } = gatewayWith();
    const { signal } = new AbortController();
    assert.equal((await failureOf(ask(gateway, question("x"), lent))).code, "provider_only_in_editor");
    const asked = { providers: [someProvider], effort: null };
    assert.equal((await gateway.check(asked, signal, false))?.code, "provider_only_in_editor");
    assert.ok((await gateway.models(false, signal)).every(({ provider }) => !("VSCode" in provider)));
  });

  it("are checked by name before a run", async () => {
    const { gateway } = gatewayWith({ editor: lender() });
    const { signal } = new AbortController();
    const problemOf = async (model: string) =>
      (await gateway.check({ providers: [{ VSCode: { model } }], effort: null }, signal, true))?.code;
    assert.equal(await problemOf("copilot/gpt-lent"), undefined);
    assert.equal(await problemOf("auto"), undefined);
    assert.equal(await problemOf("copilot/other"), "model_not_found");
    assert.equal(gateway.contextWindow(someProvider), 64_000);
  });

  it("stop a run at its cap by what is assumed of their price", async () => {
    const { gateway } = gatewayWith({ editor: lender() });
    const charge = chargeTo(agentWith(someProvider), { cost_per_run: 0.000001 });
    assert.equal((await failureOf(ask(gateway, question("x"), charge))).code, "limit_reached");
  });
});
