import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { NodeStreamableHTTPServerTransport } from "@modelcontextprotocol/node";
import { McpServer } from "@modelcontextprotocol/server";
import { afterEach, beforeEach, describe, it } from "mocha";
import type { Json } from "../../../schemas/primitives.ts";
import type { QuestionContent, QuestionAnswer } from "../../../schemas/questions.ts";
import { join } from "node:path";
import { root } from "../../support/command.ts";
import { addSuiteParts } from "../../support/conformance-server.ts";
import { anAgent } from "../../support/records.ts";
import { callNamed, misbehaving, type ToolWorkspace, toolWorkspace } from "../../support/open-tools.ts";
import type { AskUser } from "../../../server/tools/tools-api.ts";

const everything = {
  command: join(root, "node_modules/.bin/mcp-server-everything"),
  args: [],
  env: {},
  sandbox: "none" as const,
  tools: ["trigger-elicitation-request", "trigger-url-elicitation"],
};
const FORM = "it__trigger-elicitation-request";
const PAGE = "it__trigger-url-elicitation";
const never = new AbortController().signal;

describe("an MCP server that asks the user during a call", () => {
  let files: ToolWorkspace;
  let asked: { server: string; content: QuestionContent }[];
  beforeEach(() => {
    files = toolWorkspace();
    asked = [];
  });
  afterEach(() => files.remove());

  const answering =
    (answer: (content: QuestionContent) => QuestionAnswer): AskUser =>
    (server, content) => {
      asked.push({ server, content });
      return Promise.resolve(answer(content));
    };
  const call = async (name: string, input: Record<string, string | boolean>, ask: AskUser | null) => {
    files.writeServers({ it: everything });
    return callNamed(files.open(), anAgent(), name, input, never, ask);
  };

  it("gets the values that the user gave", async () => {
    const ask = answering(() => ({ action: "accept", values: { name: "Ada", check: true, integer: 7 } }));
    const { content, is_error } = await call(FORM, {}, ask);
    assert.equal(is_error, false, content);
    assert.match(content, /Ada/);
    const [{ server, content: shown } = assert.fail("nothing was asked")] = asked;
    assert.equal(server, "it");
    assert.equal(shown.message, "Please provide inputs for the following fields:");
    const fields = new Map(shown.fields.map((field) => [field.name, field]));
    assert.deepEqual(fields.get("integer"), {
      ...{ type: "integer", name: "integer", title: "Integer", required: false },
      description: "Your favorite integer (do not give us your phone number, pin, or other sensitive info)",
      ...{ minimum: 1, maximum: 100, default: 42 },
    });
    assert.equal(fields.get("email")?.type, "text");
    assert.equal(fields.get("check")?.type, "boolean");
    const hero = fields.get("titledSingleSelectEnum");
    assert.ok(hero?.type === "choice");
    assert.deepEqual(hero.options[0], { value: "hero-1", label: "Superman" });
    const fish = fields.get("titledMultipleSelectEnum");
    assert.ok(fish?.type === "choices");
    assert.equal(fish.max_items, 3);
  });

  it("can do so with protocol 2026-07-28", async () => {
    files.writeServers({ it: misbehaving("asks") });
    const tools = files.open();
    const greet = async (ask: AskUser | null) =>
      (await callNamed(tools, anAgent(), "it__greet", {}, never, ask)).content;
    const ask = answering(() => ({ action: "accept", values: { name: "Ada" } }));
    assert.match(await greet(ask), /"action":"accept".*"name":"Ada"/);
    assert.deepEqual(asked.map(({ content }) => content.message), ["Who are you?"]); // prettier-ignore
    assert.match(await greet(null), /"action":"decline"/);
  });

  /** Two calls at a time, of which the first gets its answer only after the second has one. */
  const callTwice = async (
    name: string,
    input: (of: string) => Json,
    allowed: string[] = [],
  ): Promise<string[]> => {
    const tools = files.open({ allowed });
    const secondEnded = Promise.withResolvers<undefined>();
    const firstAsked = Promise.withResolvers<undefined>();
    const ask =
      (of: string): AskUser =>
      async () => {
        if (of === "Ada") {
          firstAsked.resolve(undefined);
          await secondEnded.promise;
        }
        return { action: "accept", values: { name: of, username: of, email: "a@example.com" } };
      };
    const first = callNamed(tools, anAgent(), name, input("Ada"), never, ask("Ada"));
    await firstAsked.promise;
    const second = await callNamed(tools, anAgent(), name, input("Bob"), never, ask("Bob"));
    secondEnded.resolve(undefined);
    return [(await first).content, second.content];
  };

  it("is answered by the user of its own call, with protocol 2026-07-28", async () => {
    files.writeServers({ it: misbehaving("asks") });
    const [first, second] = await callTwice("it__greet", () => ({}));
    assert.match(first ?? "", /"name":"Ada"/);
    assert.match(second ?? "", /"name":"Bob"/);
  });

  it("is answered by the user of its own call, over HTTP with an older protocol", async () => {
    const server = new McpServer({ name: "older", version: "1" });
    addSuiteParts(server);
    const transport = new NodeStreamableHTTPServerTransport({ sessionIdGenerator: randomUUID });
    await server.connect(transport);
    const web = createServer((request, response) => void transport.handleRequest(request, response));
    web.listen(0, "127.0.0.1");
    try {
      await once(web, "listening");
      const host = `127.0.0.1:${(web.address() as AddressInfo).port}`;
      files.writeServers({ it: { url: `http://${host}/mcp`, headers: {} } });
      const [first, second] = await callTwice("it__test_elicitation", (message) => ({ message }), [host]);
      assert.match(first ?? "", /"username":"Ada"/);
      assert.match(second ?? "", /"username":"Bob"/);
    } finally {
      await server.close();
      web.closeAllConnections();
      web.close();
    }
  });

  it("says how many calls it may belong to, on standard streams with an older protocol", async () => {
    const script = join(root, "test/fixtures/mcp/asking-server.mjs");
    files.writeServers({ it: { command: process.execPath, args: [script], env: {}, sandbox: "none" } });
    const tools = files.open();
    const [firstAsked, bothAsked] = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>()];
    const ask: AskUser = async (server, content) => {
      asked.push({ server, content });
      (asked.length === 1 ? firstAsked : bothAsked).resolve(undefined);
      await bothAsked.promise;
      return { action: "accept", values: { name: "Ada" } };
    };
    const greet = () => callNamed(tools, anAgent(), "it__greet", {}, never, ask);
    const first = greet();
    await firstAsked.promise;
    const answers = await Promise.all([first, greet()]);
    assert.deepEqual(answers.map(({ content }) => content), ["Hello, Ada!", "Hello, Ada!"]); // prettier-ignore
    assert.deepEqual(asked.map(({ content }) => content.possible_calls), [1, 2]); // prettier-ignore
  });

  it("is declined where nobody can be asked, and by a user who says no", async () => {
    assert.match((await call(FORM, {}, null)).content, /declin/);
    const ask = answering(() => ({ action: "decline" }));
    assert.match((await call(FORM, {}, ask)).content, /declin/);
    assert.equal(asked.length, 1);
  });

  it("shows a page by its whole address, and goes on once the user opened it", async () => {
    const ask = answering(() => ({ action: "accept", values: {} }));
    const url = "https://login.example.com/start?for=me";
    for (const errorPath of [false, true]) {
      const { content, is_error } = await call(PAGE, { url, errorPath }, ask);
      assert.equal(is_error, false, content);
      assert.equal(asked.pop()?.content.url, url);
    }
  });

  it("shows no page that is not what it looks like", async () => {
    const ask = answering(() => ({ action: "accept", values: {} }));
    for (const url of [
      "http://example.com/login",
      "https://github.com@evil.example/login",
      "file:///etc/passwd",
      "command:workbench.action.terminal.new",
      "vscode://file/etc/passwd",
    ])
      assert.match((await call(PAGE, { url }, ask)).content, /declin|Invalid/i, url);
    assert.deepEqual(asked, []);
  });

  it("shows the host of a page as it is looked up, so that no letter poses as another", async () => {
    const ask = answering(() => ({ action: "accept", values: {} }));
    await call(PAGE, { url: "https://g\u0456thub.com/login" }, ask);
    assert.equal(asked.pop()?.content.url, "https://xn--gthub-n2e.com/login");
  });
});
