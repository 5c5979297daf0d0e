import assert from "node:assert/strict";
import { describe, it } from "mocha";
import type { AIProvider } from "../../schemas/agent.ts";
import { keysByOrigin, type UserEndpoints } from "../../server/gateway/keys.ts";
import { targetOf, targetsOf } from "../../server/gateway/targets.ts";
import { agentWith, chargeTo } from "../support/gateway.ts";

/** Every provider's standard key, and one that the user stored under a name of their own. */
const credentials = {
  keys: (provider: string, reference: string | null) =>
    Promise.resolve([reference?.replace("secret:", "") ?? provider.toLowerCase()]),
};

const keysFor = (provider: AIProvider, endpoints: UserEndpoints = {}): Promise<readonly string[]> =>
  keysByOrigin(credentials, endpoints)(targetOf(provider, endpoints));

const ollamaAt = (endpoint: string): AIProvider => ({ Ollama: { model: "m", endpoint } });

describe("a key", () => {
  it("goes to its provider's own hosts", async () => {
    assert.deepEqual(await keysFor({ Claude: { model: "m", max_tokens: 1 } }), ["claude"]);
    assert.deepEqual(await keysFor({ Gemini: { model: "m", max_tokens: 1 } }), ["gemini"]);
    assert.deepEqual(await keysFor(ollamaAt("https://ollama.com")), ["ollama"]);
    const own = { HuggingFace: { model: "m", api_key: "secret:team-key" } };
    assert.deepEqual(await keysFor(own), ["team-key"]);
  });

  it("goes to the address the user named for the provider", async () => {
    const mine = { Ollama: "http://10.0.0.7:11434", Claude: "https://proxy.example.com/v1" };
    assert.deepEqual(await keysFor(ollamaAt("http://10.0.0.7:11434/"), mine), ["ollama"]);
    assert.deepEqual(await keysFor({ Claude: { model: "m", max_tokens: 1 } }, mine), ["claude"]);
  });

  for (const endpoint of [
    "http://evil.example",
    "https://ollama.com.evil.example",
    "https://ollama.com@evil.example",
    "http://ollama.com",
    "https://ollama.com:8443",
    "http://127.0.0.1:11435",
    "http://10.0.0.7:11434.evil.example",
  ])
    it(`does not go to an agent's own endpoint ${endpoint}`, async () => {
      assert.deepEqual(await keysFor(ollamaAt(endpoint), { Ollama: "http://127.0.0.1:11434" }), []);
    });

  for (const other of ["claude", "gemini", "ollama"])
    it(`of ${other} does not go to another provider that names it`, async () => {
      assert.deepEqual(await keysFor({ HuggingFace: { model: "m", api_key: `secret:${other}` } }), []);
    });
});

describe("the provider a user chose for a run", () => {
  it("is asked alone, whatever failover the agent names", () => {
    const chosen = { Claude: { model: "mine", max_tokens: 1 } };
    const agent = agentWith(ollamaAt("http://evil.example"), { failover: [ollamaAt("http://evil.example")] });
    const charge = { ...chargeTo(agent), provider: chosen };
    assert.deepEqual(
      targetsOf(charge, {}).map(({ model, endpoint }) => [model, endpoint]),
      [["mine", "https://api.anthropic.com"]],
    );
  });
});
