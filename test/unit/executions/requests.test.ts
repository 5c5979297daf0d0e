import assert from "node:assert/strict";
import type { ToolOutcome } from "../../../schemas/transcript.ts";
import { answerWorker, type RequestContext } from "../../../server/executions/requests.ts";
import type { ModelGateway } from "../../../server/gateway/gateway.ts";
import { strictest } from "../../../server/gateway/limits.ts";
import { noUsage } from "../../../server/gateway/tokens.ts";
import { noHooks } from "../../support/hooks.ts";
import { nobodyAsked } from "../../support/permissions.ts";
import { noTools } from "../../support/tools.ts";
import { memoryStore } from "../../support/memory-store.ts";
import { anAgent, anExecution, TENANT } from "../../support/records.ts";

const execution = anExecution("00000000-0000-4000-8000-00000000000a");
const { execution_id } = execution;
const { signal } = new AbortController();
const outcome: ToolOutcome = {
  call_id: "call_1",
  tool: "read_file",
  input: {},
  content: "text",
  is_error: false,
  duration_ms: 1,
  changes: [],
};

/** The runtime's side of one execution, on a disk that takes what it is given when told to. */
const executionOnSlowDisk = () => {
  const store = memoryStore(TENANT);
  const disk = Promise.withResolvers<undefined>();
  const asked: number[] = [];
  const gateway: ModelGateway = {
    contextWindow: () => 100_000,
    price: () => null,
    prepare: () => undefined,
    models: () => Promise.resolve([]),
    check: () => Promise.resolve(null),
    preview: () => Promise.reject(new Error("nobody asks for a preview here")),
    embed: () => Promise.resolve(null),
    pull: () => Promise.resolve(),
    generate: async ({ messages }, _charge, { ready, keep }) => {
      await ready;
      asked.push(messages.length);
      const answer = {
        message: { role: "assistant" as const, content: [{ type: "text" as const, text: "Done." }] },
        stop_reason: "end" as const,
        usage: noUsage,
        cost: null,
        provider: "Ollama" as const,
        model: "m",
        cached: false,
        duration_ms: 1,
      };
      await keep?.(answer);
      return answer;
    },
  };
  const context: RequestContext = {
    execution,
    agent: anAgent(),
    provider: null,
    limits: strictest(null),
    entries: [],
    recorded: Promise.resolve(),
    readText: () => Promise.resolve(null),
    store: {
      ...store,
      transcripts: { ...store.transcripts, append: () => disk.promise },
    },
    gateway,
    tools: noTools,
    hooks: noHooks,
    permissions: nobodyAsked,
    questions: null,
    emit: () => undefined,
    now: () => "2026-01-31T12:00:00.000Z",
  };
  return { ...answerWorker(context, new AbortController().signal), disk, asked };
};

/** Lets everything go on that waits for nothing but its turn. */
const turnOfTheLoop = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("the runtime's side of an execution", () => {
  it("asks the model for the next turn when the outcomes sent before are on disk", async () => {
    const { requests, disk, asked } = executionOnSlowDisk();
    const stored = requests["tool/finished"]({ execution_id, turn: 1, outcome }, signal);
    const answered = requests["model/generate"]({ execution_id, turn: 2, note: null }, signal);
    await turnOfTheLoop();
    assert.deepEqual(asked, []);
    disk.resolve(undefined);
    await Promise.all([stored, answered]);
    assert.deepEqual(asked, [1]);
  });

  it("asks nothing on an outcome that could not be stored", async () => {
    const { requests, disk, asked } = executionOnSlowDisk();
    const stored = requests["tool/finished"]({ execution_id, turn: 1, outcome }, signal);
    const answered = requests["model/generate"]({ execution_id, turn: 2, note: null }, signal);
    disk.reject(new Error("the disk is full"));
    await assert.rejects(stored, /the disk is full/);
    await assert.rejects(answered, /the disk is full/);
    assert.deepEqual(asked, []);
  });

  it("gives an answer to the worker when it is on disk, also one it knows already", async () => {
    const { requests, disk, asked } = executionOnSlowDisk();
    let given = 0;
    const ask = () =>
      requests["model/generate"]({ execution_id, turn: 1, note: null }, signal).then(() => (given += 1));
    const first = ask();
    await turnOfTheLoop();
    const second = ask();
    await turnOfTheLoop();
    assert.equal(given, 0);
    disk.resolve(undefined);
    await Promise.all([first, second]);
    assert.equal(given, 2);
    assert.equal(asked.length, 1);
  });
});
