import assert from "node:assert/strict";
import type { AIProvider } from "../../../schemas/agent.ts";
import type { Message } from "../../../schemas/messages.ts";
import {
  agentWith,
  ask,
  chargeTo,
  failureOf,
  gatewayWith,
  modelServers,
  question,
  readFileTool,
} from "../../support/gateway.ts";

describe("what is peculiar to a provider", () => {
  const serve = modelServers();

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
