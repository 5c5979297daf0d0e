import assert from "node:assert/strict";
import { collectContext, type ContextRequest } from "../../../server/context/collect-context.ts";
import type { Charge, ModelGateway } from "../../../server/gateway/gateway.ts";
import { startRuntime } from "../../harness.ts";
import { geminiProtocol, protocols, type Protocol, type Turn } from "../../model-protocols.ts";
import { listen, readBody } from "../../model-servers.ts";
import { agentWith, allAt, chargeTo, failureOf, gatewayWith } from "../../support/gateway.ts";
import { finish, reader } from "../../support/one-round.ts";
import { testWorkspace, type TestWorkspace } from "../../support/workspace.ts";

const padding = `// ${"x".repeat(300)}\n`;
const files = {
  "src/cart.js": 'import "./a.js";\nimport "./b.js";\nimport "./rounding.js";\n',
  "src/cart.test.js": `${padding}the file's own test\n`,
  "src/a.js": `${padding}export const colours = [];\n`,
  "src/b.js": `${padding}export const fonts = [];\n`,
  "src/rounding.js": `${padding}export const round = (price) => 0;\n`,
};
/** Holds the file, its test and one more. */
const budgetTokens = 330;
const task = "The price is not round";

/** A model that knows one thing: whether a text is about prices. */
const vectorOf = (text: string): number[] => (text.includes("price") ? [1, 0.1] : [0.1, 1]);
const textsOf: Record<string, (body: Record<string, unknown>) => string[]> = {
  Ollama: ({ input }) => input as string[],
  Gemini: ({ requests }) =>
    (requests as { content: { parts: { text: string }[] } }[]).map(
      ({ content }) => content.parts[0]?.text ?? "",
    ),
  HuggingFace: ({ inputs }) => inputs as string[],
};
const answerOf: Record<string, (vectors: number[][]) => unknown> = {
  Ollama: (embeddings) => ({ embeddings }),
  Gemini: (vectors) => ({ embeddings: vectors.map((values) => ({ values })) }),
  HuggingFace: (vectors) => vectors,
};

/** Answers requests for vectors; questions, if there is an answer, with that. */
const serveVectors = async (name: string, turn: Turn | null = null) => {
  const asked: string[][] = [];
  const server = await listen(async (request, response) => {
    const body = await readBody(request);
    const protocol = protocols.find((candidate) => candidate.asks(request.url ?? ""));
    if (protocol !== undefined && turn !== null) {
      response.writeHead(200, { "content-type": protocol.contentType });
      response.end(protocol.events(turn, body, 1).join(""));
      return;
    }
    const texts = textsOf[name]?.(body) ?? [];
    asked.push(texts);
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify(answerOf[name]?.(texts.map(vectorOf))));
  });
  return { ...server, asked };
};

describe("ranking the context by its likeness to the task", () => {
  let workspace: TestWorkspace;
  before(async () => {
    workspace = await testWorkspace(files);
  });
  after(() => workspace.remove());

  const collect = (gateway: ModelGateway, charge: Charge, more: Partial<ContextRequest> = {}) =>
    collectContext({
      workspace: workspace.root,
      file: "src/cart.js",
      overlays: [],
      budgetTokens,
      instructionFiles: ["AGENTS.md"],
      likeness: { task, embed: (texts, signal) => gateway.embed(texts, charge, { signal }) },
      signal: new AbortController().signal,
      ...more,
    });
  const setUp = (protocol: Protocol, url: string) => ({
    gateway: gatewayWith({ endpoints: allAt(url) }).gateway,
    charge: chargeTo(agentWith(protocol.provider(url))),
  });
  const byRelation = ["src/cart.js", "src/cart.test.js", "src/a.js"];
  const namesOf = ({ items }: Awaited<ReturnType<typeof collectContext>>) => items.map(({ name }) => name);

  for (const protocol of protocols.filter(({ name }) => name !== "Claude")) {
    it(`puts what is like the task first, by the embeddings of ${protocol.name}, asked for once`, async () => {
      const server = await serveVectors(protocol.name);
      const { gateway, charge } = setUp(protocol, server.url);
      const first = await collect(gateway, charge);
      const again = await collect(gateway, charge);
      await server.close();
      assert.deepEqual(namesOf(first), ["src/cart.js", "src/cart.test.js", "src/rounding.js"]);
      assert.deepEqual(again, first);
      assert.equal(server.asked.length, 1);
      assert.deepEqual(
        first.left_out.map(({ name }) => name),
        ["src/a.js", "src/b.js"],
      );
      assert.match(first.left_out[0]?.reason ?? "", /ranked by their likeness to the task \(.*(embed|bge)/);
    });
  }

  const [claude, ollama] = ["Claude", "Ollama"].map((name) => protocols.find((one) => one.name === name));
  assert.ok(claude !== undefined && ollama !== undefined);

  it("asks nobody while everything fits", async () => {
    const server = await serveVectors("Ollama");
    const { gateway, charge } = setUp(ollama, server.url);
    const { items } = await collect(gateway, charge, { budgetTokens: 10_000 });
    await server.close();
    assert.equal(items.length, 5);
    assert.deepEqual(server.asked, []);
  });

  it("keeps to the relation where the provider has no embeddings", async () => {
    const server = await serveVectors("Claude");
    const { gateway, charge } = setUp(claude, server.url);
    const collected = await collect(gateway, charge);
    await server.close();
    assert.deepEqual(namesOf(collected), byRelation);
    assert.match(collected.left_out[0]?.reason ?? "", /ranked by their relation to the file$/);
    assert.deepEqual(server.asked, []);
  });

  it("keeps to the relation where the embedding model is missing, and says so", async () => {
    const server = await listen((_request, response) => {
      response.writeHead(404, { "content-type": "application/json" });
      response.end('{"error":"model \\"nomic-embed-text\\" not found, try pulling it first"}');
      return Promise.resolve();
    });
    const { gateway, charge } = setUp(ollama, server.url);
    const collected = await collect(gateway, charge);
    await server.close();
    assert.deepEqual(namesOf(collected), byRelation);
    assert.match(collected.left_out[0]?.reason ?? "", /by their relation to the file: .*nomic-embed-text/);
  });

  it("asks a model that is missing or too slow no second time soon", async () => {
    for (const status of [404, null]) {
      let asked = 0;
      const server = await listen((_request, response) => {
        asked++;
        if (status !== null) response.writeHead(status).end('{"error":"model not found"}');
        return Promise.resolve();
      });
      const { gateway, charge } = setUp(ollama, server.url);
      const reasons = [await collect(gateway, charge), await collect(gateway, charge)].map(
        ({ left_out }) => left_out[0]?.reason ?? "",
      );
      await server.close();
      assert.equal(asked, 1);
      for (const reason of reasons) assert.match(reason, /by their relation to the file: ./);
    }
  });

  it("does not wait long for vectors", async () => {
    const server = await listen(() => Promise.resolve());
    const { gateway, charge } = setUp(ollama, server.url);
    const collected = await collect(gateway, charge);
    await server.close();
    assert.deepEqual(namesOf(collected), byRelation);
    assert.match(collected.left_out[0]?.reason ?? "", /embeddings took too long/);
  });

  it("stops at once when it is cancelled", async () => {
    const controller = new AbortController();
    const server = await listen(() => {
      controller.abort();
      return Promise.resolve();
    });
    const { gateway, charge } = setUp(ollama, server.url);
    const error = await failureOf(collect(gateway, charge, { signal: controller.signal }));
    await server.close();
    assert.equal(error.code, "cancelled");
  });
});

describe("a run whose context is ranked", () => {
  it("pays for the embeddings like for everything else, and shows them in the transcript", async () => {
    const server = await serveVectors("Gemini", { ...finish, usage: { input: 100, output: 5 } });
    const workspace = await testWorkspace(files);
    const project = await startRuntime({
      workspace: workspace.root,
      settings: {
        provider: geminiProtocol.provider(server.url),
        endpoints: { Gemini: server.url },
        context_tokens: budgetTokens,
      },
    });
    const team = await project.call("teams/create", reader);
    const { status, usage } = await project.run(team.team_id, { task, file: "src/cart.js" });
    const today = await project.call("usage/today", {});
    const [execution] = project.runtime.store.all("executions");
    const entries = await project.runtime.store.transcripts.read(execution?.execution_id ?? "");
    await project.close();
    await Promise.all([server.close(), workspace.remove()]);

    assert.equal(status, "Succeeded");
    assert.deepEqual(
      entries.slice(0, 3).map(({ type }) => type),
      ["spent", "prompt", "answer"],
    );
    const [spent] = entries;
    assert.ok(spent?.type === "spent");
    assert.equal(spent.model, "gemini-embedding-001");
    assert.ok((spent.cost ?? 0) > 0);
    assert.equal(usage.input_tokens, 100 + spent.usage.input);
    assert.equal(usage.input_tokens + usage.output_tokens, today.tokens);
    assert.match(JSON.stringify(execution?.metadata.context_left_out), /likeness to the task/);
    assert.match(JSON.stringify(execution?.input.context.map(({ name }) => name)), /rounding/);
  });
});
