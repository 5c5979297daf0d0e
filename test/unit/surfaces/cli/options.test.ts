import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { CoditectError } from "../../../../schemas/errors.ts";
import { RunOptions } from "../../../../schemas/run.ts";
import { flattenSettings, resolveSettings } from "../../../../schemas/resolve-settings.ts";
import { Settings } from "../../../../schemas/settings.ts";
import { readAddress, readOllamaHost } from "../../../../server/surfaces/cli/session/addresses.ts";
import {
  chosenProvider,
  parseRunFlags,
  runOptionsOf,
  guessedSettings,
  settingsOf,
} from "../../../../server/surfaces/cli/session/options.ts";

const isUsage = (problem: RegExp) => (error: unknown) => {
  assert.ok(error instanceof CoditectError);
  assert.equal(error.code, "usage");
  assert.match(error.message, problem);
  return true;
};

describe("flags of a run", () => {
  it("become options the contract takes", () => {
    const flags = parseRunFlags({ maxCost: "0.5", maxTokens: "1000", timeout: "60", runtime: "docker" });
    const options = RunOptions.parse(runOptionsOf(flags, null));
    assert.equal(options.limits?.cost_per_run, 0.5);
    assert.equal(options.limits.tokens_per_run, 1000);
    assert.equal(options.timeout_seconds, 60);
    assert.equal(options.runtime, "Docker");
    assert.equal(options.provider, null);
  });

  it("name runtimes in the order in which they are tried", () => {
    const { runtime } = runOptionsOf(parseRunFlags({ runtime: "local,kubernetes" }), null);
    assert.deepEqual(runtime, ["Local", "Kubernetes"]);
  });

  it("leave everything to the settings if there are none", () => {
    assert.deepEqual(runOptionsOf(parseRunFlags({}), null), {});
  });

  for (const [flag, value] of [
    ["maxCost", "cheap"],
    ["maxTokens", "1.5"],
    ["timeout", "-1"],
    ["endpoint", "two words"],
    ["runtime", "local,moon"],
    ["runtime", "local,local"],
  ] as const)
    it(`refuse ${flag} ${value} and name the flag as it is written`, () => {
      const written = flag.replace(/[A-Z]/, (letter) => `-${letter.toLowerCase()}`);
      assert.throws(() => parseRunFlags({ [flag]: value }), isUsage(new RegExp(`^--${written} (must|is)`)));
    });

  it("need --provider beside --model", () => {
    assert.throws(() => chosenProvider(parseRunFlags({ model: "x" }), {}), isUsage(/--provider/));
  });
});

describe("the provider that is asked", () => {
  it("is the one of --provider with its model and endpoint", () => {
    const flags = parseRunFlags({ provider: "ollama", model: "qwen3", endpoint: "http://box:1234" });
    assert.deepEqual(chosenProvider(flags, {}), { Ollama: { model: "qwen3", endpoint: "http://box:1234" } });
  });

  it("is named without the name and password in its address, which is kept with the settings", () => {
    const flags = parseRunFlags({ provider: "ollama", model: "qwen3", endpoint: "https://ann:secret@box" });
    assert.deepEqual(chosenProvider(flags, {}), { Ollama: { model: "qwen3", endpoint: "https://box" } });
    const { endpoints } = Settings.parse(settingsOf(flags));
    assert.equal(endpoints.Ollama, "https://ann:secret@box");
    const guessed = Settings.parse(guessedSettings({ OLLAMA_HOST: "ann:secret@box" }));
    assert.deepEqual(guessed.provider, { Ollama: { model: "qwen3-coder", endpoint: "http://box:11434" } });
    assert.equal(guessed.endpoints.Ollama, "http://ann:secret@box:11434");
  });

  it("is each agent's own without --provider", () => {
    assert.equal(chosenProvider(parseRunFlags({}), { ANTHROPIC_API_KEY: "k" }), null);
  });

  it("is by default the one whose key the environment has", () => {
    const asked = (environment: NodeJS.ProcessEnv) =>
      Object.keys(Settings.parse(guessedSettings(environment)).provider).join();
    assert.equal(asked({ ANTHROPIC_API_KEY: "a", GEMINI_API_KEY: "g" }), "Claude");
    assert.equal(asked({ GEMINI_API_KEY: "g" }), "Gemini");
    assert.equal(asked({ GOOGLE_API_KEY: "g", HF_TOKEN: "h" }), "Gemini");
    assert.equal(asked({ HF_TOKEN: "h" }), "HuggingFace");
    assert.equal(asked({}), "Ollama");
  });

  it("is reached where --endpoint says, else where the environment does", () => {
    const environment = { ANTHROPIC_BASE_URL: "http://proxy" };
    const at = (flags: object) => {
      const levels = [guessedSettings(environment), settingsOf(parseRunFlags(flags))].map(flattenSettings);
      const [guessed = {}, chosen = {}] = levels;
      const given = [
        { origin: "environment" as const, values: guessed },
        { origin: "flag" as const, values: chosen },
      ];
      return resolveSettings(given, {}).settings.endpoints.Claude;
    };
    assert.equal(at({}), "http://proxy");
    assert.equal(at({ provider: "claude", endpoint: "http://here" }), "http://here");
    assert.equal(at({ provider: "gemini", endpoint: "http://there" }), "http://proxy");
  });

  for (const [host, endpoint] of [
    [undefined, "http://127.0.0.1:11434"],
    ["box", "http://box:11434"],
    ["box:99", "http://box:99"],
    ["0.0.0.0:11434", "http://127.0.0.1:11434"],
    ["https://models.example", "https://models.example"],
    [":1234", "http://127.0.0.1:1234"],
    ["'box'", "http://box:11434"],
    [' "box:1234" ', "http://box:1234"],
    ["[::1]:1234", "http://[::1]:1234"],
    ["::1", "http://[::1]:11434"],
    ["box:99999", "http://box:11434"],
    ["http://box/ollama/", "http://box/ollama"],
    ["ann:secret@box", "http://ann:secret@box:11434"],
    ["http://ann:secret@box", "http://ann:secret@box"],
    ["https://ann:secret@[::1]:1234/x", "https://ann:secret@[::1]:1234/x"],
    ["box name", null],
    ["ftp://box", null],
  ] as const)
    it(`takes OLLAMA_HOST=${host ?? ""} for ${endpoint}`, () => {
      assert.equal(readOllamaHost(host ?? ""), endpoint);
    });

  for (const [given, address] of [
    ["127.0.0.1:8080", "http://127.0.0.1:8080"],
    ["localhost:8080/v1/", "http://localhost:8080/v1"],
    ["proxy.example", "https://proxy.example"],
    ["'https://proxy.example/x'", "https://proxy.example/x"],
    ["file:///etc", null],
    ["not a url", null],
  ] as const)
    it(`takes the address ${given} for ${address ?? "none"}`, () => {
      assert.equal(readAddress(given), address);
    });

  it("is not asked elsewhere when its variable holds no address, and stops nobody else", () => {
    const environment = { ANTHROPIC_API_KEY: "k", ANTHROPIC_BASE_URL: "not a url", OLLAMA_HOST: "a b" };
    const settings = Settings.parse(guessedSettings(environment));
    assert.match(settings.endpoints.Claude ?? "", /\.invalid$/);
    assert.match(settings.endpoints.Ollama ?? "", /\.invalid$/);
    for (const [provider, variable] of [
      ["claude", /ANTHROPIC_BASE_URL/],
      ["ollama", /OLLAMA_HOST/],
    ] as const)
      assert.throws(() => chosenProvider(parseRunFlags({ provider }), environment), isUsage(variable));
    assert.notEqual(chosenProvider(parseRunFlags({ provider: "gemini" }), environment), null);
  });
});
