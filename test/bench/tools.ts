import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import assert from "node:assert/strict";
import type { ToolDefinition } from "../../schemas/tool-definition.ts";
import { toolOffers } from "../../schemas/tool-offers.ts";
import { ToolName } from "../../schemas/tools.ts";
import { estimateRequestTokens } from "../../server/gateway/tokens.ts";
import { bad, misbehaving, toolWorkspace } from "../support/open-tools.ts";
import { anAgent } from "../support/records.ts";
import { median, type Report } from "./report.ts";

const CALLS = 300;
const WARM_UP = 50;
const never = new AbortController().signal;
const input = { text: "it" };

/** Median of the milliseconds of a call, the first ones left out. */
const timeOf = async (call: () => Promise<unknown>): Promise<number> => {
  const times: number[] = [];
  for (let index = 0; index < WARM_UP + CALLS; index += 1) {
    const began = performance.now();
    await call();
    if (index >= WARM_UP) times.push(performance.now() - began);
  }
  return median(times);
};

const tokensOf = (external: readonly ToolDefinition[]): number => {
  const offers = external.map(({ name, description, schema }) => ({ name, description, schema }));
  const tools = [...toolOffers(ToolName.options), ...offers];
  return estimateRequestTokens({ system: "", messages: [], tools, temperature: 0, max_tokens: 1 });
};

const withoutServers = async ({ report }: Report): Promise<void> => {
  const files = toolWorkspace();
  const value = await timeOf(() => files.open().offers(anAgent(), null));
  await files.remove();
  const goal = "under 1 ms: no client is loaded";
  report({
    name: "tools of an agent without external ones",
    value,
    unit: "ms",
    against: null,
    goal,
    holds: value < 1,
  });
};

const firstRequest = async ({ report }: Report): Promise<void> => {
  const files = toolWorkspace();
  files.writeServers({ one: bad("20 tools"), two: bad("20 tools"), three: bad("20 tools") });
  const tools = files.open();
  const value = tokensOf(await tools.offers(anAgent(), null));
  const names = ["one", "two", "three"].flatMap((server) =>
    Array.from({ length: 20 }, (_, index) => `${server}__tool_${index}`),
  );
  const all = tokensOf(await tools.offers(anAgent(), names));
  await files.remove();
  report({
    name: "tools in the first request, 3 servers with 60 tools",
    value,
    unit: "tokens",
    against: { name: "all of them listed", value: all },
    goal: "under 3,000",
    holds: value < 3000,
  });
};

const oneCall = async ({ report }: Report): Promise<void> => {
  const server = misbehaving("work");
  assert.ok("command" in server);
  const client = new Client({ name: "bench", version: "1" });
  await client.connect(new StdioClientTransport({ ...server, env: server.env, stderr: "ignore" }));
  const bare = await timeOf(() => client.callTool({ name: "act", arguments: input }));
  await client.close();

  const files = toolWorkspace();
  files.writeServers({ it: server });
  const tools = files.open();
  const agent = anAgent();
  const [definition] = await tools.offers(agent, null);
  assert.ok(definition !== undefined);
  const ours = await timeOf(() => tools.call({ definition, agent, input, ask: null, signal: never }));
  await files.remove();
  report({
    name: "one call of a tool of an MCP server",
    value: ours,
    unit: "ms",
    against: { name: "the SDK's client alone", value: bare },
    goal: "under 5 ms more",
    holds: ours - bare < 5,
  });
};

/** Tools that leave an instance: what they cost a start, a request and a call. */
export default async (report: Report): Promise<void> => {
  await withoutServers(report);
  await firstRequest(report);
  await oneCall(report);
};
