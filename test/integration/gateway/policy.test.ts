import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { AIProvider } from "../../../schemas/agent.ts";
import { CoditectError } from "../../../schemas/errors.ts";
import type { Message } from "../../../schemas/messages.ts";
import { startModelServer, type ModelServer, type Script, type Turn } from "../../model-servers.ts";
import {
  agentWith,
  ask,
  chargeTo,
  failureOf,
  gatewayWith,
  question,
  quickClock,
  readFileTool,
  shownText,
} from "../../support/gateway.ts";

describe("the gateway's policy", () => {
  const servers: ModelServer[] = [];
  const folders: string[] = [];
  const serve = async (script: Script): Promise<ModelServer> => {
    const server = await startModelServer(script);
    servers.push(server);
    return server;
  };
  const folder = async (): Promise<string> => {
    const made = await mkdtemp(join(tmpdir(), "coditect-gateway-"));
    folders.push(made);
    return made;
  };
  afterEach(async () => {
    await Promise.all(servers.splice(0).map((server) => server.close()));
    await Promise.all(folders.splice(0).map((path) => rm(path, { recursive: true, force: true })));
  });

  describe("caps", () => {
    it("admits of 64 calls at once exactly the ten that fit", async () => {
      const server = await serve({
        Coder: () => ({ text: "Hi", usage: { input: 40, output: 10 }, delayMs: 20 }),
      });
      const { gateway, ledger } = gatewayWith();
      const request = question("Hello", { max_tokens: 100 });
      const needed = await failureOf(
        ask(gateway, request, chargeTo(agentWith(server.ollama()), { tokens_per_run: 1 })),
      ).then(({ data }) => Number.parseInt(String(data.needed), 10));
      const charge = chargeTo(agentWith(server.ollama()), { tokens_per_run: 10 * needed + needed - 1 });
      const asked = await Promise.allSettled(Array.from({ length: 64 }, () => ask(gateway, request, charge)));
      const refused = asked.flatMap((result) =>
        result.status === "rejected" ? [result.reason as unknown] : [],
      );
      assert.equal(asked.length - refused.length, 10);
      assert.ok(refused.every((error) => error instanceof CoditectError && error.code === "limit_reached"));
      assert.equal(server.requests.length, 10, "nothing else was sent");
      assert.equal(ledger.entries.length, 10);
    });

    it("gives back what a call did not need", async () => {
      const server = await serve({ Coder: () => ({ text: "Hi", usage: { input: 40, output: 10 } }) });
      const { gateway } = gatewayWith();
      const charge = chargeTo(agentWith(server.ollama()), { tokens_per_execution: 400 });
      const request = question("Hello", { max_tokens: 200 });
      for (let call = 0; call < 3; call++) await ask(gateway, request, charge);
      assert.equal(server.requests.length, 3);
    });

    it("gives everything back when a call fails", async () => {
      const server = await serve({ Coder: [{ status: 400 }, { text: "Hi" }] });
      const { gateway } = gatewayWith();
      const charge = chargeTo(agentWith(server.ollama()), { tokens_per_day: 400 });
      const request = question("Hello", { max_tokens: 200 });
      assert.equal((await failureOf(ask(gateway, request, charge))).code, "provider_refused");
      await ask(gateway, request, charge);
    });

    it("says which cap, its value, what is used and where to change it", async () => {
      const server = await serve({
        Coder: () => ({ text: "Hi", usage: { input: 300_000, output: 90_000 } }),
      });
      const { gateway } = gatewayWith({ endpoints: { Claude: server.url } });
      const charge = chargeTo(agentWith(server.claude()), { cost_per_run: 1.55 });
      const { answer } = await ask(gateway, question("Hello"), charge);
      assert.equal(answer.cost, 1.5, "300,000 at $2 and 90,000 at $10 per million");
      const error = await failureOf(ask(gateway, question("Hello", { max_tokens: 8192 }), charge));
      assert.equal(error.code, "limit_reached");
      assert.equal(error.data.limit, "cost_per_run");
      assert.equal(error.data.value, "$1.55");
      assert.equal(error.data.used, "$1.5000");
      assert.match(error.nextStep ?? "", /limits\.cost_per_run/);
      assert.equal(server.requests.length, 1, "the second was not sent");
    });

    it("holds a cap on cost for a model whose price is unknown, and calls its cost unknown", async () => {
      const server = await serve({ Coder: () => ({ text: "Hi", usage: { input: 90_000, output: 10_000 } }) });
      const { gateway, ledger } = gatewayWith({ endpoints: { Claude: server.url } });
      const charge = chargeTo(agentWith(server.claude("claude-of-tomorrow")), { cost_per_run: 0.95 });
      const { answer } = await ask(gateway, question("Hello"), charge);
      assert.equal(answer.cost, null);
      assert.equal(ledger.entries[0]?.cost_microcents, null);
      // 100,000 tokens at the documents' 0.9 cents per thousand are $0.90.
      assert.equal(
        (await failureOf(ask(gateway, question("Hello", { max_tokens: 8192 }), charge))).code,
        "limit_reached",
      );
    });

    it("counts a failed attempt's tokens before it asks again", async () => {
      const text = "An answer long enough to come in more than a few pieces before it is cut off there.";
      const server = await serve({ Coder: [{ text, cutAfter: 3, usage: { input: 5000 } }, { text }] });
      const { gateway } = gatewayWith({ endpoints: { Claude: server.url } });
      const charge = chargeTo(agentWith(server.claude()), { tokens_per_execution: 5200 });
      const error = await failureOf(ask(gateway, question("Hello", { max_tokens: 300 }), charge));
      assert.equal(error.code, "limit_reached");
      assert.equal(server.requests.length, 1);
    });
  });

  describe("failover", () => {
    it("goes on with the next provider, tells it, and says who answered", async () => {
      const broken = await serve({ Coder: () => ({ status: 500 }) });
      const sound = await serve({ Coder: [{ text: "Here." }] });
      const { gateway } = gatewayWith({ endpoints: { Claude: broken.url }, clock: quickClock() });
      const agent = agentWith(broken.claude(), { failover: [sound.ollama("standby")], max_retries: 1 });
      const { answer, signals } = await ask(gateway, question("Hello"), chargeTo(agent));
      assert.deepEqual([answer.provider, answer.model], ["Ollama", "standby"]);
      assert.equal(answer.cost, 0);
      const last = signals.findLast(({ type }) => type === "retry");
      assert.ok(last?.type === "retry");
      assert.deepEqual([last.provider, last.model], ["Ollama", "standby"]);
      assert.match(last.reason, /Claude answered 500/);
    });

    for (const status of [401, 402, 403, 404]) {
      it(`goes on at once after ${status}`, async () => {
        const refusing = await serve({ Coder: () => ({ status }) });
        const sound = await serve({ Coder: [{ text: "Here." }] });
        const clock = quickClock();
        const { gateway } = gatewayWith({ endpoints: { Claude: refusing.url }, clock });
        const agent = agentWith(refusing.claude(), { failover: [sound.ollama()] });
        const { answer } = await ask(gateway, question("Hello"), chargeTo(agent));
        assert.equal(answer.provider, "Ollama");
        assert.deepEqual(clock.waits, []);
      });
    }

    it("does not pass a request on that is wrong in itself", async () => {
      const refusing = await serve({ Coder: () => ({ status: 400 }) });
      const other = await serve({ Coder: [{ text: "Never." }] });
      const { gateway } = gatewayWith({ endpoints: { Claude: refusing.url } });
      const agent = agentWith(refusing.claude(), { failover: [other.ollama()] });
      assert.equal(
        (await failureOf(ask(gateway, question("Hello"), chargeTo(agent)))).code,
        "provider_refused",
      );
      assert.equal(other.requests.length, 0);
    });

    it("fails with the first provider's error when none answers", async () => {
      const first = await serve({ Coder: () => ({ status: 401 }) });
      const second = await serve({ Coder: () => ({ status: 404 }) });
      const { gateway } = gatewayWith({ endpoints: { Claude: first.url } });
      const agent = agentWith(first.claude(), { failover: [second.ollama()] });
      assert.equal(
        (await failureOf(ask(gateway, question("Hello"), chargeTo(agent)))).code,
        "credential_rejected",
      );
    });

    it("does not give one provider's signed thoughts to another", async () => {
      const claude = await serve({ Coder: [{ reasoning: "Hm.", text: "A" }, { status: 401 }] });
      const other = await serve({ Coder: [{ text: "B" }] });
      const { gateway } = gatewayWith({ endpoints: { Claude: claude.url, Gemini: other.url } });
      const agent = agentWith(claude.claude(), { failover: [other.gemini()] });
      const first = await ask(gateway, question("Hello"), chargeTo(agent));
      const messages: Message[] = [
        ...question("Hello").messages,
        first.answer.message,
        ...question("Go on").messages,
      ];
      await ask(gateway, question("", { messages }), chargeTo(agent));
      assert.match(JSON.stringify(claude.requests[1]?.body), /"signature":"c2lnbmF0dXJl"/);
      assert.doesNotMatch(JSON.stringify(other.requests[0]?.body), /c2lnbmF0dXJl|Hm\./);
    });
  });

  describe("circuits", () => {
    it("leaves a failing provider alone, probes it once, and takes it back", async () => {
      let sick = true;
      const server = await serve({ Coder: () => (sick ? { status: 503 } : { text: "Well again." }) });
      const standby = await serve({ Coder: () => ({ text: "Standby." }) });
      const clock = quickClock();
      const { gateway } = gatewayWith({ endpoints: { Claude: server.url }, clock });
      const agent = agentWith(server.claude(), { failover: [standby.ollama()], max_retries: 0 });
      for (let call = 0; call < 8; call++) await ask(gateway, question("Hello"), chargeTo(agent));
      assert.equal(server.requests.length, 5, "after five outages it is not asked any more");
      await clock.wait(31_000);
      await ask(gateway, question("Hello"), chargeTo(agent));
      assert.equal(server.requests.length, 6, "one probe");
      await ask(gateway, question("Hello"), chargeTo(agent));
      assert.equal(server.requests.length, 6, "which failed");
      sick = false;
      await clock.wait(61_000);
      const { answer } = await ask(gateway, question("Hello"), chargeTo(agent));
      assert.deepEqual(answer.message.content, [{ type: "text", text: "Well again." }]);
    });

    it("does not open for calls that are limited", async () => {
      const server = await serve({ Coder: () => ({ status: 429 }) });
      const { gateway } = gatewayWith({ endpoints: { Claude: server.url }, clock: quickClock() });
      const charge = chargeTo(agentWith(server.claude(), { max_retries: 9 }));
      assert.equal((await failureOf(ask(gateway, question("Hello"), charge))).code, "provider_failed");
      assert.equal(server.requests.length, 10);
    });
  });

  describe("keys", () => {
    it("uses the new one first and moves on when one is not accepted", async () => {
      const server = await serve({
        Coder: ({ headers }) =>
          headers.authorization === "Bearer key-old" ? { text: "Hi" } : { status: 401 },
      });
      const credentials = { keys: () => Promise.resolve(["key-new", "key-old"]) };
      const { gateway } = gatewayWith({ endpoints: { Claude: server.url }, credentials });
      const charge = chargeTo(agentWith(server.claude()));
      await ask(gateway, question("Hello"), charge);
      await ask(gateway, question("Hello again"), charge);
      const used = server.requests.map(({ headers }) => headers.authorization);
      assert.deepEqual(
        used,
        ["Bearer key-new", "Bearer key-old", "Bearer key-old"],
        "a rejected key is not tried first again",
      );
    });

    it("sends nothing without a key, and says how to set one", async () => {
      const server = await serve({});
      const credentials = { keys: () => Promise.resolve([]) };
      const { gateway } = gatewayWith({ endpoints: { Claude: server.url }, credentials });
      const error = await failureOf(ask(gateway, question("Hello"), chargeTo(agentWith(server.claude()))));
      assert.equal(error.code, "credential_missing");
      assert.match(error.nextStep ?? "", /ANTHROPIC_API_KEY.*coditect credentials set claude/);
      assert.equal(server.requests.length, 0);
    });
  });

  describe("retries", () => {
    it("settles at once when it is cancelled while it waits", async () => {
      const server = await serve({ Coder: [{ status: 429, headers: { "retry-after": "50" } }] });
      const { gateway } = gatewayWith({ endpoints: { Claude: server.url } });
      const controller = new AbortController();
      const asking = gateway.generate(question("Hello"), chargeTo(agentWith(server.claude())), {
        signal: controller.signal,
        tell: ({ type }) => {
          if (type === "retry") controller.abort();
        },
      });
      assert.equal((await failureOf(asking)).code, "cancelled");
    });

    it("spreads calls over the minute where the user set a cap", async () => {
      const server = await serve({ Coder: () => ({ text: "Hi" }) });
      const clock = quickClock();
      const rates = { requests_per_minute: 2, tokens_per_minute: null };
      const { gateway } = gatewayWith({ rates, clock });
      const charge = chargeTo(agentWith(server.ollama()));
      for (let call = 0; call < 5; call++) await ask(gateway, question(`Hello ${call}`), charge);
      assert.deepEqual(clock.waits, [60_000, 60_000]);
    });

    it("refuses a call that alone is larger than the minute's cap", async () => {
      const server = await serve({});
      const rates = { requests_per_minute: null, tokens_per_minute: 500 };
      const { gateway } = gatewayWith({ rates });
      const error = await failureOf(ask(gateway, question("Hello"), chargeTo(agentWith(server.ollama()))));
      assert.equal(error.code, "rate_limited");
      assert.match(error.nextStep ?? "", /tokens_per_minute/);
    });
  });

  describe("the response cache", () => {
    const cold = { temperature: 0 };

    it("answers the same question at temperature 0 without asking or paying again", async () => {
      const server = await serve({ Coder: [{ text: "Hi", usage: { input: 900, output: 9 } }] });
      const { gateway, ledger } = gatewayWith({ endpoints: { Claude: server.url } });
      const charge = chargeTo(agentWith(server.claude()));
      const first = await ask(gateway, question("Hello", cold), charge);
      const second = await ask(gateway, question("Hello", cold), charge);
      assert.equal(first.answer.cached, false);
      assert.equal(second.answer.cached, true);
      assert.deepEqual(second.answer.message, first.answer.message);
      assert.equal(second.answer.cost, 0);
      assert.equal(shownText(second.signals), "Hi");
      assert.equal(server.requests.length, 1);
      assert.equal(ledger.entries.length, 1);
    });

    it("asks again when anything differs: temperature, text, tools, most tokens, model, tenant", async () => {
      const server = await serve({ Coder: () => ({ text: "Hi" }) });
      const { gateway } = gatewayWith();
      const agent = agentWith(server.ollama());
      await ask(gateway, question("Hello", cold), chargeTo(agent));
      const others: [ReturnType<typeof question>, typeof agent][] = [
        [question("Hello", { temperature: 0.1 }), agent],
        [question("Hello.", cold), agent],
        [question("Hello", { ...cold, tools: [readFileTool] }), agent],
        [question("Hello", { ...cold, max_tokens: 1025 }), agent],
        [question("Hello", cold), { ...agent, provider: server.ollama("other") }],
        [question("Hello", cold), { ...agent, tenant_id: "00000000-0000-4000-8000-000000000000" }],
      ];
      for (const [request, other] of others) await ask(gateway, request, chargeTo(other));
      assert.equal(server.requests.length, 7);
    });

    it("asks once for the same question of many at once", async () => {
      const server = await serve({ Coder: () => ({ text: "Hi", delayMs: 20 }) });
      const { gateway } = gatewayWith();
      const charge = chargeTo(agentWith(server.ollama()));
      const told = await Promise.all(
        Array.from({ length: 16 }, () => ask(gateway, question("Hello", cold), charge)),
      );
      assert.equal(server.requests.length, 1);
      assert.equal(told.filter(({ answer }) => answer.cached).length, 15);
    });

    it("lets the next one ask when the one that asks is cancelled", async () => {
      const server = await serve({ Coder: [{ text: "Never whole", stallAfter: 0 }, { text: "Hi" }] });
      const { gateway } = gatewayWith();
      const charge = chargeTo(agentWith(server.ollama()));
      const controller = new AbortController();
      const first = failureOf(ask(gateway, question("Hello", cold), charge, controller.signal));
      while (server.requests.length === 0) await new Promise(setImmediate);
      const second = ask(gateway, question("Hello", cold), charge);
      controller.abort();
      assert.equal((await first).code, "cancelled");
      assert.equal((await second).answer.cached, false);
    });

    it("keeps no answer that was cut, blocked or failed", async () => {
      const turns: Turn[] = [
        { text: "Half", stop: "length" },
        { text: "No", stop: "refusal" },
        { text: "Hi" },
      ];
      const server = await serve({ Coder: turns });
      const { gateway } = gatewayWith({ endpoints: { Claude: server.url } });
      const charge = chargeTo(agentWith(server.claude()));
      for (let call = 0; call < 3; call++) await ask(gateway, question("Hello", cold), charge);
      assert.equal(server.requests.length, 3);
    });

    it("knows an answer again after a restart, and reads no damaged one", async () => {
      const server = await serve({ Coder: () => ({ text: "Hi" }) });
      const cacheFolder = await folder();
      const agent = agentWith(server.ollama());
      const once = async (): Promise<boolean> => {
        const { gateway } = gatewayWith({ cacheFolder });
        return (await ask(gateway, question("Hello", cold), chargeTo(agent))).answer.cached;
      };
      assert.equal(await once(), false);
      const stored = join(cacheFolder, "responses");
      const names = async (): Promise<string[]> =>
        (await readdir(stored).catch(() => [])).filter((name) => name.endsWith(".json"));
      while ((await names()).length === 0) await sleep(5);
      assert.equal(await once(), true);
      const [name = ""] = await names();
      assert.doesNotMatch(await readFile(join(stored, name), "utf8"), /Hello|key-one/);
      await writeFile(join(stored, name), '{"message": 1');
      assert.equal(await once(), false);
    });

    it("can be turned off", async () => {
      const server = await serve({ Coder: () => ({ text: "Hi" }) });
      const { gateway } = gatewayWith({ responseCache: false });
      const charge = chargeTo(agentWith(server.ollama()));
      for (let call = 0; call < 2; call++) await ask(gateway, question("Hello", cold), charge);
      assert.equal(server.requests.length, 2);
    });
  });

  describe("Ollama", () => {
    it("asks for a window that holds the conversation", async () => {
      const server = await serve({ Coder: () => ({ text: "Hi" }) });
      const { gateway } = gatewayWith();
      const charge = chargeTo(agentWith(server.ollama("qwen2.5-coder:7b")));
      await ask(gateway, question("Hello"), charge);
      await ask(gateway, question("x".repeat(40_000)), charge);
      const windows = server.requests.map(({ body }) => JSON.stringify(body.options));
      assert.match(windows[0] ?? "", /"num_ctx":8192/);
      assert.match(windows[1] ?? "", /"num_ctx":16384/);
    });

    it("says when the beginning of the conversation was dropped without a word", async () => {
      const server = await serve({ Coder: [{ text: "Hm?", usage: { input: 2051, output: 3 } }] });
      const { gateway } = gatewayWith();
      const charge = chargeTo(agentWith(server.ollama()));
      const error = await failureOf(ask(gateway, question("lorem ipsum dolor ".repeat(3500)), charge));
      assert.equal(error.code, "context_too_long");
      assert.match(error.message, /2051 tokens were read/);
    });

    it("names the command that pulls a model", async () => {
      const server = await serve({
        Coder: [{ status: 404, body: '{"error":"model \\"qwen9\\" not found"}' }],
      });
      const { gateway } = gatewayWith();
      const error = await failureOf(
        ask(gateway, question("Hello"), chargeTo(agentWith(server.ollama("qwen9")))),
      );
      assert.equal(error.code, "model_not_found");
      assert.match(error.nextStep ?? "", /ollama pull qwen9/);
    });
  });

  describe("Claude's prompt cache", () => {
    interface Marked {
      cache_control?: unknown;
    }
    const prefixes = (body: Record<string, unknown>): string[] => {
      const system = body.system as Marked[];
      const messages = body.messages as { role: string; content: Marked[] }[];
      const blocks = [...system, ...messages.flatMap(({ content }) => content)];
      let prefix = JSON.stringify(body.tools);
      return blocks.flatMap(({ cache_control, ...block }) => {
        prefix += JSON.stringify(block);
        return cache_control === undefined ? [] : [prefix];
      });
    };

    it("marks what the next turn repeats: every turn but the first reads its prefix", async () => {
      const written = new Map<string, number>();
      const journal: { input: number; read: number; write: number; output: number }[] = [];
      const tokens = (text: string): number => Math.ceil(text.length / 4);
      const server = await serve({
        Coder: ({ body }, number) => {
          // What Claude does with the marks: the longest marked prefix it has seen is read, the rest written.
          const marked = prefixes(body);
          const read = Math.max(
            0,
            ...[...written].map(([prefix, size]) =>
              marked.some((candidate) => candidate.startsWith(prefix)) ? size : 0,
            ),
          );
          const longest = marked.at(-1) ?? "";
          const write = tokens(longest) - read;
          for (const prefix of marked) written.set(prefix, tokens(prefix));
          journal.push({ input: 3, read, write, output: 11 });
          const usage = { input: 3, cache_read: read, cache_write: write, output: 11 };
          return { usage, calls: [{ tool: "read_file", arguments: { path: `file-${number}.ts` } }] };
        },
      });
      const { gateway, ledger } = gatewayWith({ endpoints: { Claude: server.url } });
      const charge = chargeTo(agentWith(server.claude()));
      let messages: Message[] = [...question("Read ten files").messages];
      for (let turn = 0; turn < 10; turn++) {
        const { answer } = await ask(gateway, question("", { messages, tools: [readFileTool] }), charge);
        const results = answer.message.content.flatMap((part) =>
          part.type === "tool_call"
            ? [
                {
                  type: "tool_result" as const,
                  call_id: part.call_id,
                  tool: part.tool,
                  content: "x".repeat(400),
                  is_error: false,
                },
              ]
            : [],
        );
        messages = [...messages, answer.message, { role: "user", content: results }];
      }
      assert.equal(journal[0]?.read, 0);
      for (const [turn, { read }] of journal.entries()) {
        const before = journal[turn - 1];
        if (before !== undefined) assert.equal(read, before.read + before.write, `turn ${turn + 1}`);
      }
      const sum = (field: "input" | "read" | "write" | "output"): number =>
        journal.reduce((total, entry) => total + entry[field], 0);
      const used = ledger.entries.map(({ usage }) => usage);
      assert.equal(
        used.reduce((total, usage) => total + usage.input, 0),
        sum("input"),
      );
      assert.equal(
        used.reduce((total, usage) => total + usage.cache_read, 0),
        sum("read"),
      );
      assert.equal(
        used.reduce((total, usage) => total + usage.cache_write_5m, 0),
        sum("write"),
      );
      assert.equal(
        used.reduce((total, usage) => total + usage.output, 0),
        sum("output"),
      );
    });

    it("sends no temperature to models that refuse it", async () => {
      const server = await serve({ Coder: () => ({ text: "Hi" }) });
      const { gateway } = gatewayWith({ endpoints: { Claude: server.url } });
      const providers: AIProvider[] = [
        server.claude("claude-sonnet-5-5"),
        server.claude("claude-sonnet-4-5"),
      ];
      for (const provider of providers) await ask(gateway, question("Hello"), chargeTo(agentWith(provider)));
      assert.deepEqual(
        server.requests.map(({ body }) => body.temperature),
        [undefined, 0.2],
      );
    });
  });
});
