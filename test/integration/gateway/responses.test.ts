import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { ModelAnswer } from "../../../server/gateway/gateway.ts";
import { openResponses } from "../../../server/gateway/responses.ts";
import { targetOf } from "../../../server/gateway/targets.ts";
import { noUsage } from "../../../server/gateway/tokens.ts";
import type { Turn } from "../../model-servers.ts";
import {
  agentWith,
  ask,
  chargeTo,
  failureOf,
  gatewayWith,
  modelServers,
  question,
  readFileTool,
  shownText,
} from "../../support/gateway.ts";

const anAnswer = (text: string): ModelAnswer => ({
  message: { role: "assistant", content: [{ type: "text", text }] },
  stop_reason: "end",
  usage: noUsage,
  cost: 0,
  provider: "Ollama",
  model: "m",
  cached: false,
  duration_ms: 1,
});

describe("answers that are known", () => {
  const serve = modelServers();
  const folders: string[] = [];
  const folder = async (): Promise<string> => {
    const made = await mkdtemp(join(tmpdir(), "coditect-gateway-"));
    folders.push(made);
    return made;
  };
  afterEach(() => Promise.all(folders.splice(0).map((path) => rm(path, { recursive: true, force: true }))));

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
      assert.deepEqual(second.answer.usage, first.answer.usage, "how long the conversation is");
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

    it("keeps to its bound on disk, and forgets what was not asked for longest", async () => {
      const folderPath = await folder();
      const diskBytes = 16 * 1024;
      const responses = openResponses(folderPath, { memoryBytes: 0, diskBytes });
      const target = targetOf({ Ollama: { model: "m", endpoint: "http://127.0.0.1:1" } }, {});
      let asked = 0;
      const ask = () => {
        asked++;
        return Promise.resolve(anAnswer("x".repeat(1000)));
      };
      const about = (text: string) => {
        const request = question(text, cold);
        return responses.answer(
          { request, tenantId: "t", target, signal: new AbortController().signal },
          ask,
        );
      };
      const sizes = async (): Promise<number[]> => {
        const names = (await readdir(folderPath)).filter((name) => name.endsWith(".json"));
        return Promise.all(names.map(async (name) => (await stat(join(folderPath, name))).size));
      };
      for (let number = 0; number < 60; number++) {
        await about(`question ${number}`);
        await responses.flush();
        const total = (await sizes()).reduce((sum, size) => sum + size, 0);
        assert.ok(total <= diskBytes * (1 + 1 / 8), `${total} bytes are on disk`);
      }
      const before = asked;
      assert.equal((await about("question 59")).cached, true);
      assert.equal((await about("question 0")).cached, false);
      assert.equal(asked, before + 1);
      await responses.flush();
    });

    it("keeps to its bound in memory", async () => {
      const responses = openResponses(null, { memoryBytes: 8000, diskBytes: 0 });
      const target = targetOf({ Ollama: { model: "m", endpoint: "http://127.0.0.1:1" } }, {});
      const about = (text: string, length: number) => {
        const request = question(text, cold);
        const asking = { request, tenantId: "t", target, signal: new AbortController().signal };
        return responses.answer(asking, () => Promise.resolve(anAnswer("x".repeat(length))));
      };
      for (let number = 0; number < 20; number++) await about(`question ${number}`, 1000);
      assert.equal((await about("question 19", 1000)).cached, true);
      assert.equal((await about("question 0", 1000)).cached, false);
      for (let time = 0; time < 2; time++)
        assert.equal((await about("a long one", 7000)).cached, false, "it would push all others out");
    });

    it("can be turned off", async () => {
      const server = await serve({ Coder: () => ({ text: "Hi" }) });
      const { gateway } = gatewayWith({ responseCache: false });
      const charge = chargeTo(agentWith(server.ollama()));
      for (let call = 0; call < 2; call++) await ask(gateway, question("Hello", cold), charge);
      assert.equal(server.requests.length, 2);
    });
  });
});
