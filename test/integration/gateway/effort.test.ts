import assert from "node:assert/strict";
import type { AIProvider, Effort } from "../../../schemas/agent.ts";
import { protocols } from "../../model-protocols.ts";
import {
  agentWith,
  allAt,
  ask,
  chargeTo,
  failureOf,
  gatewayWith,
  modelServers,
  question,
} from "../../support/gateway.ts";

/** A model of each provider that takes an effort, and what the request then says. */
const takes = {
  Claude: ["claude-opus-5-5", "xhigh", ({ output_config }) => output_config, { effort: "xhigh" }],
  Gemini: [
    "gemini-3.8-flash",
    "high",
    ({ generationConfig }) => Reflect.get(Object(generationConfig), "thinkingConfig") as unknown,
    { thinkingLevel: "high" },
  ],
  Ollama: ["gpt-oss:20b", "medium", ({ think }) => think, "medium"],
  HuggingFace: ["openai/gpt-oss-120b", "low", ({ reasoning_effort }) => reasoning_effort, "low"],
} satisfies Record<
  string,
  [model: string, effort: Effort, read: (body: Record<string, unknown>) => unknown, sent: unknown]
>;

/** One that takes none, or another, and what it takes. */
const refuses = {
  Claude: ["claude-haiku-4-5", "high", "It takes none."],
  Gemini: ["gemini-3.8-flash", "minimal", "It takes low, medium, high."],
  Ollama: ["qwen3-coder", "high", "It takes none."],
  HuggingFace: ["openai/gpt-oss-20b", "max", "It takes low, medium, high."],
} satisfies Record<string, [model: string, effort: Effort, taken: string]>;

for (const protocol of protocols) {
  describe(`the effort that ${protocol.name} is asked for`, () => {
    const serve = modelServers();

    it("is sent to a model that takes it", async () => {
      const [model, effort, read, sent] = takes[protocol.name];
      const server = await serve({ Coder: [{ text: "Hi" }, { text: "Hi" }] });
      const { gateway } = gatewayWith({ endpoints: allAt(server.url) });
      const charge = chargeTo(agentWith(protocol.provider(server.url, model)));
      await ask(gateway, question("Hello", { effort }), charge);
      await ask(gateway, question("Hello"), charge);
      const [asked, plain] = server.requests;
      assert.deepEqual(read(asked?.body ?? {}), sent);
      assert.notDeepEqual(read(plain?.body ?? {}), sent);
    });

    it("is refused in words where the model does not take it, before anything is sent", async () => {
      const [model, effort, taken] = refuses[protocol.name];
      const server = await serve({});
      const { gateway } = gatewayWith({ endpoints: allAt(server.url) });
      const provider: AIProvider = protocol.provider(server.url, model);
      const error = await failureOf(
        ask(gateway, question("Hello", { effort }), chargeTo(agentWith(provider))),
      );
      assert.equal(error.code, "effort_not_taken");
      assert.equal(error.message, `${model} of ${protocol.name} does not accept the effort ${effort}.`);
      assert.match(error.nextStep ?? "", new RegExp(taken.replaceAll(".", "\\.")));
      const signal = new AbortController().signal;
      const problem = await gateway.check({ providers: [provider], effort }, signal, false);
      assert.equal(problem?.code, "effort_not_taken", "it is known before a run begins");
      assert.equal(server.requests.length, 0);
    });
  });
}
