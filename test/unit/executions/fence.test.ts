import { byNames } from "../../../schemas/test-layout.ts";
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import type { RuntimeEvent } from "../../../schemas/events.ts";
import { fail } from "../../../schemas/errors.ts";
import { Limits } from "../../../schemas/agent.ts";
import { createLedger } from "../../../server/executions/ledger.ts";
import type { ExecutionParts, ExecutionRequest } from "../../../server/executions/execution-request.ts";
import { runExecution } from "../../../server/executions/run-execution.ts";
import type { ClaimRequest, ClaimedInstance, Pool } from "../../../server/instances/pool.ts";
import { newAgent } from "../../../server/models/agent.ts";
import { noHooks } from "../../support/hooks.ts";
import { nobodyAnswers, nobodyAsked } from "../../support/permissions.ts";
import { noTools } from "../../support/tools.ts";
import { memoryStore } from "../../support/memory-store.ts";
import { anExecution, anInstance, NOW, TENANT } from "../../support/records.ts";

const provider = { Ollama: { model: "m", endpoint: "http://127.0.0.1:1" } };
const agent = newAgent({ tenant_id: TENANT, name: "one", agent_type: "Reviewer", provider }, NOW);

/** Never resolves; the attempt may be over before it is even asked for. */
const untilAborted = (signal: AbortSignal, what: string): Promise<never> =>
  new Promise((_, reject) => {
    const abort = (): void => {
      reject(fail("cancelled", { what }));
    };
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { once: true });
  });

/** A worker that never ends its loop: what it asks of the runtime, the test asks in its place. */
const heldInstance = (claimed: (request: ClaimRequest) => void): Pick<Pool, "claim"> => ({
  claim: (request) => {
    claimed(request);
    const call = (method: string, _params: unknown, signal: AbortSignal) =>
      method === "execution/run" ? untilAborted(signal, method) : Promise.resolve({});
    const instance = {
      record: () => anInstance(agent.agent_id),
      call,
      consumed: () => ({ cpu_seconds: 0, peak_memory_mb: 0 }),
      addUsage: () => undefined,
      release: () => Promise.resolve(),
    };
    // Its answers are not looked at before the abort.
    return Promise.resolve(instance as unknown as ClaimedInstance);
  },
});

describe("an attempt that is over", () => {
  it("is not heard any more, whatever its worker still says", async () => {
    const store = memoryStore(TENANT);
    const execution = anExecution(randomUUID());
    const { execution_id } = execution;
    const events: RuntimeEvent[] = [];
    const stop = new AbortController();
    const { promise: claim, resolve } = Promise.withResolvers<ClaimRequest>();
    const waiting: AbortSignal[] = [];
    const request: ExecutionRequest = {
      parts: {
        store,
        // Only what a held worker needs of either.
        gateway: {
          prepare: () => undefined,
          contextWindow: () => null,
          generate: (_request: unknown, _charge: unknown, { signal }: { signal: AbortSignal }) => {
            waiting.push(signal);
            return untilAborted(signal, "The request");
          },
        } as unknown as ExecutionParts["gateway"],
        tools: noTools,
        hooks: noHooks,
        permissions: nobodyAsked,
        questions: nobodyAnswers,
        pool: heldInstance(resolve) as Pool,
        ledger: createLedger(store),
        traces: null,
        emit: (event) => events.push(event),
        now: () => NOW,
      },
      execution,
      charge: {
        execution_id,
        task_id: execution.task_id,
        agent,
        provider: null,
        limits: Limits.parse({}),
      },
      start: {
        overlays: [],
        changes: [],
        readText: () => Promise.resolve(null),
        layout: () => Promise.resolve(byNames),
      },
      claim: { workspace: "/workspace", runtime: "Local", image: null, priority: 0 },
      asksUser: false,
      test_timeout_seconds: 1,
      preflight: null,
      knownFailures: () => [],
      signal: stop.signal,
      conclude: () => Promise.reject(new Error("nothing comes to an end here")),
    };
    const ending = runExecution({ ...request, execution: withTime(execution) });
    const { requests } = await claim;
    const never = new AbortController().signal;
    const asked = assert.rejects(requests["model/generate"]({ execution_id, turn: 1, note: null }, never), {
      code: "cancelled",
    });
    while (waiting.length === 0) await new Promise(setImmediate);
    stop.abort();
    assert.equal((await ending).status, "Cancelled");
    await asked;

    const before = { entries: await store.transcripts.read(execution_id), events: events.length };
    const outcome = {
      ...{ call_id: "1", tool: "read_file", input: {}, content: "late", is_error: false },
      ...{ duration_ms: 1, changes: [] },
    };
    const finding = {
      ...{ path: "a.js", start_line: 1, start_column: null, end_line: 1, end_column: null, fix: null },
      ...{ severity: "High" as const, category: "late", title: "Late", explanation: "", confidence: 1 },
    };
    const said = [
      () => requests["tool/finished"]({ execution_id, turn: 1, outcome }, never),
      () => requests["findings/report"]({ execution_id, operation_id: "1", findings: [finding] }, never),
      () => requests["model/generate"]({ execution_id, turn: 2, note: null }, never),
    ];
    for (const late of said) await assert.rejects(late, { code: "cancelled" });
    assert.deepEqual(await store.transcripts.read(execution_id), before.entries);
    assert.equal(events.length, before.events);
    assert.deepEqual(store.all("findings"), []);
    assert.equal(store.get("executions", execution_id)?.status, "Cancelled");
  });
});

/** Long enough for no deadline to get in the way. */
const withTime = (execution: ReturnType<typeof anExecution>) => ({
  ...execution,
  input: { ...execution.input, parameters: { ...execution.input.parameters, timeout_seconds: 600 } },
});
