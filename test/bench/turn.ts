import { z } from "zod";
import { builtInScript, rehearsedWorkflows } from "../../server/rehearsal/built-in.ts";
import { RehearsalScript } from "../../server/rehearsal/script.ts";
import type { ChatRecord } from "../../server/rehearsal/server.ts";
import { runSession } from "../support/session.ts";
import { median, percentile, type Report } from "./report.ts";
import { measureTurnFloor } from "./turn/floor.ts";

const TURNS = 20;
/** Characters of English and code to a token, as providers count them. */
const CHARACTERS = 4;

const finish = { tool: "finish", arguments: { summary: "Read.", confidence: 1, completeness: 1 } };
/** The peers' own task: read one file twenty times, then finish. */
const reading = RehearsalScript.parse({
  task: "Read the file.",
  agents: {
    TestWriter: [
      ...Array.from({ length: TURNS }, (_, turn) => ({
        // Another line each time: the same call over and over is a guard's business.
        tool_calls: [{ tool: "read_file", arguments: { path: "src/bill.js", start_line: turn + 1 } }],
      })),
      { tool_calls: [finish] },
    ],
  },
});

/** What the runtime adds between two answers of a model, and what a request carries. */
export default async function run({ report }: Report): Promise<void> {
  await runSession("tdd", reading);
  const { requests } = await runSession("tdd", reading);
  const ofFirstStage = requests.slice(0, TURNS + 1);
  const gaps = gapsOf(ofFirstStage);
  const goal = "under 3 ms, with a file read, the worker hop and the durable checkpoint";
  const value = median(gaps);
  report({
    name: "gap per turn",
    value,
    unit: "ms",
    against: { name: "Gemini CLI, as published", value: 8.3 },
    goal,
    holds: value < 3,
  });
  report({
    name: `gap per turn, of the second ${TURNS / 2}`,
    value: median(gaps.slice(TURNS / 2)),
    unit: "ms",
    against: null,
    goal: "",
    holds: null,
  });
  report({
    name: "gap per turn, 95th percentile",
    value: percentile(gaps, 95),
    unit: "ms",
    against: null,
    goal: "",
    holds: null,
  });

  await reportFloor({ report }, value, median(ofFirstStage.map(({ body }) => body.length)));

  const sent = ofFirstStage.reduce((sum, { body }) => sum + body.length / CHARACTERS, 0);
  report({
    name: `tokens sent in a run of ${TURNS} turns`,
    value: sent,
    unit: "tokens",
    against: null,
    goal: "",
    holds: null,
  });
  await reportFirstRequests({ report });
}

/** What a turn has to do at the least: each part as a figure, and the gap beside their sum. */
const reportFloor = async ({ report }: Report, gap: number, requestBytes: number): Promise<void> => {
  const floor = await measureTurnFloor(requestBytes);
  const parts = [
    ["durable append of a line; a turn has two", floor.append],
    ["pipe to another process and back", floor.pipe],
    ["bare HTTP client, from an answer to the next request", floor.post],
  ] as const;
  for (const [name, value] of parts)
    report({ name, value, unit: "ms", against: null, goal: "", holds: null });
  const value = 2 * floor.append + floor.pipe + floor.post;
  const against = { name: "these four in a row", value };
  report({ name: "gap per turn, beside its floor", value: gap, unit: "ms", against, goal: "", holds: null });
};

/** From the end of an answer to the next request, in milliseconds. */
const gapsOf = (requests: readonly ChatRecord[]): number[] =>
  requests.slice(1).flatMap((request, index) => {
    const answered = requests[index]?.answered_at ?? null;
    return answered === null ? [] : [request.received_at - answered];
  });

const Body = z.object({
  messages: z.array(z.object({ role: z.string(), content: z.string() })),
  tools: z.array(z.unknown()).default([]),
});

/** System message and tools: what every agent pays before it has read anything. */
const reportFirstRequests = async ({ report }: Report): Promise<void> => {
  const largest = new Map<string, number>();
  for (const workflow of rehearsedWorkflows) {
    const { requests } = await runSession(workflow, await builtInScript(workflow));
    for (const { position, body } of requests) {
      if (position?.turn !== 1) continue;
      const { messages, tools } = Body.parse(JSON.parse(body));
      const system = messages.find((message) => message.role === "system")?.content ?? "";
      const tokens = (system.length + JSON.stringify(tools).length) / CHARACTERS;
      largest.set(position.agent, Math.max(largest.get(position.agent) ?? 0, tokens));
    }
  }
  for (const [agent, value] of largest)
    report({
      name: `first request of ${agent}: system and tools`,
      value,
      unit: "tokens",
      against: { name: "Continue CLI, as published", value: 2110 },
      goal: "under 1,800 tokens",
      holds: value < 1800,
    });
};
