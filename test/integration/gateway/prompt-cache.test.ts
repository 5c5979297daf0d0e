import assert from "node:assert/strict";
import { startRuntime } from "../../harness.ts";
import { startModelServer, type JournalEntry, type Turn } from "../../model-servers.ts";
import { call, finish, reader } from "../../support/one-round.ts";
import { testWorkspace } from "../../support/workspace.ts";

interface Marked {
  cache_control?: unknown;
}

/** The prefixes of a request that end at a mark. */
const prefixesOf = (body: Record<string, unknown>): string[] => {
  const system = body.system as Marked[];
  const messages = body.messages as { role: string; content: Marked[] }[];
  const blocks = [...system, ...messages.flatMap(({ content }) => content)];
  let prefix = JSON.stringify(body.tools);
  return blocks.flatMap(({ cache_control, ...block }) => {
    prefix += JSON.stringify(block);
    return cache_control === undefined ? [] : [prefix];
  });
};

const tokens = (text: string): number => Math.ceil(text.length / 4);

/** What Claude does with the marks: the longest marked prefix it has seen is read, the rest written. */
const claudeCache = () => {
  const written = new Map<string, number>();
  const journal: { input: number; cache_read: number; cache_write: number; output: number }[] = [];
  const count = (body: Record<string, unknown>) => {
    const marked = prefixesOf(body);
    // Claude accepts no more than this.
    assert.ok(marked.length <= 4);
    const known = [...written].filter(([prefix]) => marked.some((candidate) => candidate.startsWith(prefix)));
    const cache_read = Math.max(0, ...known.map(([, size]) => size));
    const usage = { input: 3, cache_read, cache_write: tokens(marked.at(-1) ?? "") - cache_read, output: 11 };
    for (const prefix of marked) written.set(prefix, tokens(prefix));
    journal.push(usage);
    return usage;
  };
  return { journal, count };
};

describe("an execution of ten turns through Claude's protocol", () => {
  it("reads in every turn but the first what the last one sent, and uses what the server counted", async () => {
    const turns = 10;
    const names = Array.from({ length: turns - 1 }, (_, index) => `file-${index}.js`);
    const files = Object.fromEntries(
      names.map((name) => [name, `export const name = "${name}";\n`.repeat(20)]),
    );
    const { journal, count } = claudeCache();
    const script = ({ body }: JournalEntry, number: number): Turn => {
      const name = names[number];
      const turn = name === undefined ? finish : call("read_file", { path: name });
      return { ...turn, usage: count(body) };
    };
    const workspace = await testWorkspace(files);
    const server = await startModelServer({ Reviewer: script });
    const project = await startRuntime({
      workspace: workspace.root,
      settings: { provider: server.claude(), endpoints: { Claude: server.url } },
    });
    const { team_id } = await project.call("teams/create", reader);
    const { status, usage } = await project.run(team_id, { task: "Read all files" });
    const today = await project.call("usage/today", {});
    await project.close();
    await Promise.all([server.close(), workspace.remove()]);

    assert.equal(status, "Succeeded");
    assert.equal(journal.length, turns);
    assert.equal(journal[0]?.cache_read, 0);
    for (const [turn, { cache_read }] of journal.entries()) {
      const before = journal[turn - 1];
      if (before !== undefined)
        assert.equal(cache_read, before.cache_read + before.cache_write, `turn ${turn + 1}`);
    }
    const sum = (field: keyof (typeof journal)[number]): number =>
      journal.reduce((total, entry) => total + entry[field], 0);
    assert.deepEqual(
      [usage.input_tokens, usage.cache_read_tokens, usage.cache_write_tokens, usage.output_tokens],
      [sum("input"), sum("cache_read"), sum("cache_write"), sum("output")],
    );
    assert.equal(today.tokens, sum("input") + sum("cache_read") + sum("cache_write") + sum("output"));
  });
});
