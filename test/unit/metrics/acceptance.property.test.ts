import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { ChangeDecision } from "../../../schemas/changes.ts";
import type { AgentExecution } from "../../../schemas/execution.ts";
import { FindingStatus } from "../../../schemas/findings.ts";
import { type Acceptance, DailyMetrics } from "../../../schemas/metrics.ts";
import type { StageState } from "../../../schemas/run.ts";
import { putChangeSet, putFinding, putRun } from "../../../server/metrics/acceptance.ts";
import { prometheusText } from "../../../server/metrics/prometheus.ts";
import { readMetrics, readSpan } from "../../../server/metrics/read.ts";
import { memoryStore } from "../../support/memory-store.ts";
import {
  aChangedFile,
  aChangeSet,
  aFinding,
  anExecution,
  aRun,
  aStage,
  aTask,
} from "../../support/records.ts";

const FIRST = "2026-11-28";
const SECOND = "2026-11-29";
const at = (day: string) => `${day}T23:59:59.999Z`;
const hash = (name: string) => name.padEnd(64, "0");

const aFile = (path: string, decision: ChangeDecision = "Pending") =>
  aChangedFile(path, { decision, after: hash("a") });

/** An execution that wrote these files, `path: content`. */
const wrote = (
  task_id: string,
  agent_type: "TestWriter" | "Coder",
  ended: string,
  files: Record<string, string>,
): AgentExecution => {
  const base = anExecution(task_id);
  return {
    ...{ ...base, status: "Completed", completed_at: ended },
    metadata: { ...base.metadata, agent_type, model: agent_type === "Coder" ? "big" : "small" },
    output: {
      ...{ result: "", data: null, tool_calls: [], reasoning: null },
      files: Object.entries(files).map(([path, content]) => ({
        ...{ path, kind: "Modified", size: 1, sha256: hash(content) },
      })),
      quality_metrics: {
        ...{ confidence: 1, completeness: 1, code_quality: null, test_coverage: null, performance: null },
      },
    },
  };
};

const stageOf = (name: string, ...executions: AgentExecution[]): StageState => ({
  ...aStage(name),
  execution_ids: executions.map(({ execution_id }) => execution_id),
});

const read = (store: ReturnType<typeof memoryStore>, since = "2026-01-01", until = "2026-12-31") =>
  readMetrics("agent_type", readSpan({ since, until }, store), { store, queued: () => 0 });

/** An ended run of two agents, whose files the user has not decided about. */
const endedRun = async (day = FIRST) => {
  const store = memoryStore();
  const task = aTask();
  const tests = wrote(task.task_id, "TestWriter", at(FIRST), { "a.test.js": "a" });
  const code = wrote(task.task_id, "Coder", at(SECOND), { "a.js": "a" });
  const set = aChangeSet(task.task_id, code.execution_id, [aFile("a.test.js"), aFile("a.js")]);
  const stages = [stageOf("tests", tests), stageOf("code", code)];
  const run = aRun(task.task_id, { stages, created_at: at(day) });
  await store.commit((transaction) => {
    transaction.put("tasks", task);
    for (const execution of [tests, code]) transaction.put("executions", execution);
    putRun(transaction, run);
    putChangeSet(transaction, set);
    putRun(transaction, { ...run, status: "Succeeded", change_set_id: set.change_set_id });
  });
  const decide = (...decisions: ChangeDecision[]) =>
    store.commit((transaction) => {
      const files = set.files.map((file, index) => ({ ...file, decision: decisions[index] ?? "Pending" }));
      putChangeSet(transaction, { ...set, files });
    });
  return { store, task, run, set, code, decide };
};

describe("acceptance", () => {
  it("counts each file for the agent that wrote it, on the day its run began, as decided so far", async () => {
    const { store, decide } = await endedRun();
    assert.deepEqual(read(store).acceptance.changed_files, { accepted: 0, discarded: 0, pending: 2 });
    await decide("Discarded", "Accepted");
    await decide("Discarded", "Edited");
    const { acceptance, rows } = read(store, FIRST, FIRST);
    assert.deepEqual(acceptance.changed_files, { accepted: 1, discarded: 1, pending: 0 });
    assert.deepEqual(
      rows.map(({ key, acceptance: { changed_files: files } }) => [key, files.accepted, files.discarded]),
      [
        ["Coder", 1, 0],
        ["TestWriter", 0, 1],
      ],
    );
    assert.deepEqual(read(store, SECOND, SECOND).acceptance.changed_files.accepted, 0);
    const text = await prometheusText({ store, queued: () => 0 });
    assert.match(text, /^coditect_changed_files\{agent_type="Coder".*model="big",decision="accepted"\} 1$/m);
  });

  it("outlives the records, and ignores change sets that are not their run's", async () => {
    const { store, task, run, set, decide } = await endedRun();
    await decide("Accepted", "Accepted");
    await store.commit((transaction) => {
      // What a stage left on its way, and what another run refers to.
      putChangeSet(transaction, aChangeSet(task.task_id, null, [aFile("a.js", "Accepted")]));
      putRun(transaction, aRun(randomUUID(), { stages: run.stages, change_set_id: set.change_set_id }));
    });
    await store.commit((transaction) => {
      transaction.remove("changeSets", set.change_set_id);
      transaction.remove("runs", task.task_id);
      for (const { execution_id } of store.all("executions")) transaction.remove("executions", execution_id);
    });
    assert.deepEqual(read(store).acceptance.changed_files, { accepted: 2, discarded: 0, pending: 0 });
  });

  it("counts of several attempts the one whose content the run has", async () => {
    const store = memoryStore();
    const task = aTask();
    const best = wrote(task.task_id, "TestWriter", at(FIRST), { "a.js": "a" });
    const other = wrote(task.task_id, "Coder", at(SECOND), { "a.js": "other" });
    const set = aChangeSet(task.task_id, null, [aFile("a.js", "Accepted")]);
    await store.commit((transaction) => {
      for (const execution of [best, other]) transaction.put("executions", execution);
      putChangeSet(transaction, set);
      const { change_set_id } = set;
      putRun(transaction, aRun(task.task_id, { stages: [stageOf("code", other, best)], change_set_id }));
    });
    const taken = read(store).rows.map(({ key, acceptance }) => [key, acceptance.changed_files.accepted]);
    assert.deepEqual(taken, [["TestWriter", 1]]);
  });

  it("is exact after any decisions, also those about a run that is taken up again", () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.constantFrom(...ChangeDecision.options), fc.boolean()), { maxLength: 12 }),
        fc.array(fc.tuple(fc.nat({ max: 3 }), fc.constantFrom(...FindingStatus.options)), { maxLength: 12 }),
        async (decisions, found) => {
          const { store, run, set, code, decide } = await endedRun();
          const findings = [0, 1, 2, 3].map(() => aFinding({ execution_id: code.execution_id }));
          for (const [decision, reopened] of decisions) {
            await decide(decision, "Accepted");
            const change_set_id = reopened ? null : set.change_set_id;
            await store.commit((transaction) => {
              putRun(transaction, { ...run, change_set_id });
            });
          }
          for (const [index, status] of found)
            await store.commit((transaction) => {
              const finding = findings[index];
              if (finding !== undefined) putFinding(transaction, { ...finding, status });
            });
          const expected: Acceptance = {
            changed_files: { accepted: 0, discarded: 0, pending: 0 },
            findings: { open: 0, dismissed: 0, fixed: 0, outdated: 0, confirmed: 0 },
          };
          const [known] = store.all("runs");
          const files =
            known?.change_set_id == null ? [] : (store.get("changeSets", set.change_set_id)?.files ?? []);
          for (const { decision } of files)
            expected.changed_files[
              decision === "Pending" ? "pending" : decision === "Discarded" ? "discarded" : "accepted"
            ]++;
          for (const { status } of store.all("findings"))
            expected.findings[status.toLowerCase() as keyof Acceptance["findings"]]++;
          assert.deepEqual(read(store).acceptance, expected);
          for (const day of store.all("dailyMetrics")) DailyMetrics.parse(day);
        },
      ),
    ));

  it("is never below zero where earlier sums lack the run", async () => {
    const { store, decide } = await endedRun();
    await store.commit((transaction) => {
      transaction.remove("dailyMetrics", FIRST);
    });
    await decide("Accepted", "Pending");
    assert.deepEqual(read(store).acceptance.changed_files, { accepted: 1, discarded: 0, pending: 1 });
  });

  it("of forecasts counts a run once it has ended by itself, however often it is stored", async () => {
    const store = memoryStore();
    const span = { expected: 100, low: 50, high: 200 };
    const forecast = { prompt_tokens: 1, runs: 1, tokens: span, cost: null, seconds: span };
    const run = aRun(randomUUID(), { forecast, created_at: at(FIRST) });
    const ended = { ...run, status: "Succeeded" as const, completed_at: at(FIRST) };
    const usage = { ...run.usage, input_tokens: 150 };
    for (const state of [
      run,
      { ...ended, status: "Failed" as const },
      { ...ended, usage },
      { ...ended, usage },
    ])
      await store.commit((transaction) => {
        putRun(transaction, state);
      });
    const { tokens, cost } = read(store).forecasts;
    assert.deepEqual([tokens.runs, tokens.within, cost.runs], [1, 1, 0]);
  });
});
