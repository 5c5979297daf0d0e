import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ModelInfo } from "../../../schemas/contract.ts";
import { similarity } from "../../../server/gateway/embeddings.ts";
import { protocols } from "../../model-protocols.ts";
import { listen, readBody } from "../../model-servers.ts";
import {
  agentWith,
  allAt,
  ask,
  chargeTo,
  failureOf,
  gatewayWith,
  question,
  readFileTool,
} from "../../support/gateway.ts";

const never = new AbortController().signal;
const codeOf = async (asking: Promise<unknown>): Promise<string> => (await failureOf(asking)).code;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "coditect-gateway-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe("the list of models", () => {
  const lists: Record<string, unknown> = {
    "/api/tags": { models: [{ name: "qwen3-coder:30b" }] },
    "/v1/models?limit=100": {
      data: [{ type: "model", id: "claude-sonnet-5-5", max_input_tokens: 1_000_000 }],
      has_more: false,
    },
    "/v1beta/models?pageSize=1000": {
      models: [
        {
          name: "models/gemini-2.5-flash",
          inputTokenLimit: 999,
          supportedGenerationMethods: ["generateContent"],
        },
        { name: "models/gemini-embedding-001", supportedGenerationMethods: ["embedContent"] },
      ],
    },
    "/models": { data: [{ id: "Qwen/Qwen3-Coder-480B-A35B-Instruct" }] },
  };
  const namesOf = (models: readonly ModelInfo[]): string[] =>
    models.filter(({ available }) => available).map(({ name }) => name);

  it("asks every provider for what it has right now", async () => {
    const server = await listen((request, response) => {
      const list = lists[request.url ?? ""];
      response.writeHead(list === undefined ? 404 : 200, { "content-type": "application/json" });
      response.end(JSON.stringify(list ?? {}));
      return Promise.resolve();
    });
    const { url } = server;
    const endpoints = allAt(url);
    const { gateway } = gatewayWith({ endpoints, ollamaEndpoint: url });
    const models = await gateway.models(true, never);
    await server.close();
    assert.deepEqual(namesOf(models), [
      "qwen3-coder:30b",
      "claude-sonnet-5-5",
      "gemini-2.5-flash",
      "Qwen/Qwen3-Coder-480B-A35B-Instruct",
    ]);
    const [local, claude, gemini] = models;
    assert.deepEqual(local?.price, { input: 0, output: 0 });
    assert.deepEqual(claude?.price, { input: 2, output: 10 });
    assert.equal(gemini?.context_window, 999);
    assert.equal(models.at(-1)?.price, null, "the router's hosts have prices of their own");
  });

  it("shows what it knows of a provider that does not answer, with the reason", async () => {
    const { gateway } = gatewayWith({
      ollamaEndpoint: "http://127.0.0.1:1",
      credentials: { keys: () => Promise.resolve([]) },
    });
    const models = await gateway.models(true, never);
    assert.deepEqual(namesOf(models), []);
    const problemOf = (start: string) => models.find(({ name }) => name.startsWith(start))?.problem ?? "";
    assert.match(
      problemOf("qwen3-coder"),
      /Cannot reach Ollama at http:\/\/127\.0\.0\.1:1: connection refused/,
    );
    assert.match(problemOf("claude-"), /No API key for Claude/);
  });

  it("asks nobody unless it is told to", async () => {
    const asked: string[] = [];
    const server = await listen((request, response) => {
      asked.push(request.url ?? "");
      response.end("{}");
      return Promise.resolve();
    });
    const { url } = server;
    const { gateway } = gatewayWith({
      endpoints: allAt(url),
      ollamaEndpoint: url,
    });
    const models = await gateway.models(false, never);
    await server.close();
    assert.deepEqual(asked, []);
    assert.ok(namesOf(models).includes("claude-opus-5-5"));
  });
});

describe("pulling a model", () => {
  it("tells its progress and ends with success", async () => {
    const server = await listen(async (request, response) => {
      assert.equal((await readBody(request)).name, "qwen3");
      response.write(
        '{"status":"pulling manifest"}\n{"status":"pulling abc","total":1000,"completed":400}\n',
      );
      // Not a percent more: it is not told again.
      response.write('{"status":"pulling abc","total":1000,"completed":409}\n');
      response.end('{"status":"success"}\n');
    });
    const { gateway } = gatewayWith({ ollamaEndpoint: server.url });
    const told: string[] = [];
    await gateway.pull("qwen3", never, ({ status, completed, total }) => {
      told.push(`${status} ${completed}/${total}`);
    });
    await server.close();
    assert.deepEqual(told, ["pulling manifest 0/0", "pulling abc 400/1000", "success 0/0"]);
  });

  it("says why the model cannot be had", async () => {
    const server = await listen((_request, response) => {
      response.end('{"error":"pull model manifest: file does not exist"}\n');
      return Promise.resolve();
    });
    const { gateway } = gatewayWith({ ollamaEndpoint: server.url });
    const error = await failureOf(gateway.pull("qwen9", never, () => undefined));
    await server.close();
    assert.match(error.message, /file does not exist/);
  });

  it("stops when it is cancelled", async () => {
    const server = await listen((_request, response) => {
      response.write('{"status":"pulling abc","total":100,"completed":40}\n');
      return Promise.resolve();
    });
    const { gateway } = gatewayWith({ ollamaEndpoint: server.url });
    const controller = new AbortController();
    const pulling = gateway.pull("qwen3", controller.signal, () => {
      controller.abort();
    });
    assert.equal(await codeOf(pulling), "cancelled");
    await server.close();
  });
});

describe("embeddings", () => {
  /** Each protocol's answer for a list of texts: a vector of their lengths. */
  const answers: Record<string, (body: Record<string, unknown>) => unknown> = {
    Ollama: ({ input }) => ({ embeddings: (input as string[]).map((text) => [text.length, 1]) }),
    Gemini: ({ requests }) => ({
      embeddings: (requests as { content: { parts: { text: string }[] } }[]).map(({ content }) => ({
        values: [content.parts[0]?.text.length, 1],
      })),
    }),
    HuggingFace: ({ inputs }) => (inputs as string[]).map((text) => [text.length, 1]),
  };

  for (const protocol of protocols.filter(({ name }) => name !== "Claude")) {
    it(`of ${protocol.name} are asked for once per text, also over a restart`, async () => {
      const asked: number[] = [];
      const paid: number[] = [];
      const server = await listen(async (request, response) => {
        const body = await readBody(request);
        const answer = answers[protocol.name]?.(body);
        asked.push(JSON.stringify(answer).split(",").length);
        response.writeHead(200, { "content-type": "application/json" });
        response.end(JSON.stringify(answer));
      });
      const endpoints = { Gemini: server.url, HuggingFace: server.url };
      const embed = async (texts: readonly string[]) => {
        const { gateway, ledger } = gatewayWith({ endpoints, cacheFolder: folder });
        const provider = protocol.provider(server.url);
        let told = 0;
        const embedded = await gateway.embed(texts, chargeTo(agentWith(provider)), {
          signal: never,
          spent: ({ usage }) => Promise.resolve(void (told += usage.input)),
        });
        paid.push(ledger.entries.reduce((sum, { usage }) => sum + usage.input, 0));
        assert.equal(told, paid.at(-1));
        return (embedded?.vectors ?? []).map((vector) => vector[0]);
      };
      assert.deepEqual(await embed(["a", "bb", "a"]), [1, 2, 1]);
      assert.deepEqual(await embed(["bb", "ccc"]), [2, 3]);
      await server.close();
      assert.deepEqual(await embed(["ccc", "a"]), [3, 1], "nobody is there to ask any more");
      assert.equal(asked.length, 2);
      assert.deepEqual(paid, [2, 1, 0]);
    });
  }

  it("are not asked for beyond a cap", async () => {
    const { gateway } = gatewayWith();
    const provider = { Ollama: { model: "m", endpoint: "http://127.0.0.1:1" } };
    const charge = chargeTo(agentWith(provider), { tokens_per_day: 10 });
    const embedding = gateway.embed(["x".repeat(100)], charge, { signal: never });
    assert.equal(await codeOf(embedding), "limit_reached");
  });

  it("of Claude there are none", async () => {
    const { gateway } = gatewayWith();
    const provider = { Claude: { model: "claude-sonnet-5-5", max_tokens: 1 } };
    const charge = chargeTo(agentWith(provider));
    assert.equal(await gateway.embed(["a"], charge, { signal: never }), null);
  });

  it("are alike when they point the same way", () => {
    const [a, b, c] = [Float32Array.of(1, 2), Float32Array.of(2, 4), Float32Array.of(-2, 1)];
    assert.ok(Math.abs(similarity(a, b) - 1) < 1e-6);
    assert.equal(similarity(a, c), 0);
    assert.equal(similarity(a, new Float32Array()), 0);
  });
});

describe("the preview of a request", () => {
  for (const protocol of protocols) {
    it(`is what ${protocol.name} is sent, without the key`, async () => {
      const sent: { url: string; body: unknown }[] = [];
      const server = await listen(async (request, response) => {
        sent.push({ url: request.url ?? "", body: await readBody(request) });
        response.writeHead(200, { "content-type": protocol.contentType });
        response.end(protocol.events({ text: "Hi" }, {}, 1).join(""));
      });
      const endpoints = allAt(server.url);
      const credentials = { keys: () => Promise.resolve(["sk-very-secret"]) };
      const { gateway } = gatewayWith({ endpoints, credentials });
      const provider = protocol.provider(server.url);
      const request = question("Hello", { tools: [readFileTool] });
      const preview = await gateway.preview(request, provider);
      assert.equal(sent.length, 0);
      await ask(gateway, request, chargeTo(agentWith(provider)));
      await server.close();
      assert.equal(preview.url, `${server.url}${sent[0]?.url ?? ""}`);
      assert.deepEqual(preview.body, sent[0]?.body);
      assert.doesNotMatch(JSON.stringify(preview), /sk-very-secret/);
      assert.equal(JSON.stringify(preview.headers).includes("[redacted]"), protocol.name !== "Ollama");
    });
  }
});
