import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { RunOptions, TeamRun, type Task } from "../../../schemas/run.ts";
import { WorkflowStage, type AgentTeam } from "../../../schemas/team.ts";
import { isRunResumable } from "../../../schemas/statuses.ts";
import {
  answerApproval,
  askForApproval,
  beginStage,
  cancelRun,
  definitionOf,
  endStage,
  newRun,
  readyStages,
  settle,
  stateOf,
  type StageOutcome,
} from "../../../server/teams/plan.ts";
import { forkRun, optionsAgain, reopen } from "../../../server/teams/run/reopen.ts";

const now = "2026-01-31T12:00:00.000Z";
const error = { code: "gate_failed", message: "no", next_step: null, retryable: false };
const completed: StageOutcome = { type: "completed", gates: [], change_set_id: null };
const refused = (feedback = "mend it"): StageOutcome => ({
  type: "refused",
  gates: [],
  change_set_id: null,
  feedback,
  error,
});
const failed: StageOutcome = { type: "failed", status: "Failed", error };

type StageInput = Partial<WorkflowStage> & { name: string };
const stage = (input: StageInput) => WorkflowStage.parse({ member: "one", prompt: "Work.", ...input });

const runOf = (...stages: StageInput[]): TeamRun => {
  const team: AgentTeam = {
    team_id: randomUUID(),
    tenant_id: randomUUID(),
    name: "team",
    description: "",
    members: [{ agent_id: null, role: "one", agent_type: "Coder" }],
    workflow_stages: stages.map(stage),
    created_at: now,
    updated_at: now,
  };
  const task: Task = {
    task_id: randomUUID(),
    tenant_id: team.tenant_id,
    workflow: "team",
    description: "",
    file: null,
    data: null,
    created_at: now,
  };
  return newRun(task, team, RunOptions.parse({}), null, now);
};

const work = (run: TeamRun, name: string, outcome: StageOutcome): TeamRun =>
  endStage(beginStage(run, name, [randomUUID()], null, now), name, outcome, now);
const names = (run: TeamRun) => readyStages(run).map((state) => state.name);

/** The shape of the TDD workflow. */
const tdd = () =>
  runOf(
    { name: "write-tests", on_failure: { back_to: "write-tests", max_rounds: 2 } },
    { name: "implement", depends_on: ["write-tests"], on_failure: { back_to: "implement", max_rounds: 3 } },
    { name: "review", depends_on: ["implement"], on_failure: { back_to: "implement", max_rounds: 1 } },
    { name: "security", depends_on: ["implement"], on_failure: { back_to: "implement", max_rounds: 1 } },
    { name: "check", depends_on: ["review", "security"] },
  );

describe("the plan of a team run", () => {
  it("begins what depends on nothing, and lets independent stages run side by side", () => {
    let run = tdd();
    assert.deepEqual(names(run), ["write-tests"]);
    run = work(run, "write-tests", completed);
    run = work(run, "implement", completed);
    assert.deepEqual(names(run), ["review", "security"]);
  });

  it("succeeds when every stage has completed", () => {
    const run = tdd().stages.reduce((current, { name }) => work(current, name, completed), tdd());
    assert.equal(settle(run, now).status, "Succeeded");
  });

  it("sends refused work back with the reason, while rounds are left", () => {
    const run = settle(work(tdd(), "write-tests", refused("no test fails")), now);
    const state = stateOf(run, "write-tests");
    assert.deepEqual([state.status, state.sent_back], ["Pending", 1]);
    assert.match(state.feedback ?? "", /no test fails/);
    assert.equal(run.error, null);
  });

  it("answers two refusals of parallel stages in one round", () => {
    let run = work(work(tdd(), "write-tests", completed), "implement", completed);
    run = work(work(run, "review", refused("a leak")), "security", refused("an injection"));
    run = settle(run, now);
    assert.deepEqual(names(run), ["implement"]);
    assert.match(stateOf(run, "implement").feedback ?? "", /a leak[\s\S]*an injection/);
    assert.equal(stateOf(run, "review").status, "Pending");
  });

  it("waits for parallel stages before it sends anything back", () => {
    let run = work(work(tdd(), "write-tests", completed), "implement", completed);
    run = beginStage(run, "security", [randomUUID()], null, now);
    run = work(run, "review", refused());
    assert.equal(settle(run, now), run);
  });

  it("ends with the failed gate when no rounds are left", () => {
    let run = tdd();
    for (let round = 0; round < 2; round++) run = settle(work(run, "write-tests", refused()), now);
    run = settle(work(run, "write-tests", refused()), now);
    assert.deepEqual([run.status, run.error?.code], ["GateFailed", "gate_failed"]);
    assert.equal(isRunResumable(run.status), false);
  });

  it("ends when an execution was cancelled, but lets the stages beside it finish", () => {
    const parallel = runOf({ name: "first" }, { name: "second" });
    let run = work(parallel, "first", { type: "cancelled" });
    run = beginStage(run, "second", [randomUUID()], null, now);
    assert.equal(run.status, "Running");
    assert.equal(settle(run, now), run);
    run = settle(endStage(run, "second", completed, now), now);
    assert.deepEqual([run.status, stateOf(run, "second").status], ["Cancelled", "Completed"]);
  });

  it("goes on after a failure in the round it was cut off in", () => {
    const run = settle(work(tdd(), "write-tests", failed), now);
    assert.equal(run.status, "Failed");
    const state = stateOf(reopen(run, now), "write-tests");
    assert.deepEqual([state.status, state.round], ["Running", 1]);
  });

  it("takes over what stands before the stage it is retried from", () => {
    const run = tdd().stages.reduce((current, { name }) => work(current, name, completed), tdd());
    const task = { ...runTask(run), task_id: randomUUID() };
    const fork = forkRun(settle(run, now), task, "implement", now);
    assert.deepEqual(
      fork.stages.map(({ name, status }) => `${name} ${status}`),
      ["write-tests Completed", "implement Pending", "review Pending", "security Pending", "check Pending"],
    );
    assert.deepEqual(fork.parent, { task_id: run.task_id, stage: "implement" });
  });

  it("does again what the first run did not finish, wherever it is retried from", () => {
    const run = settle(work(work(tdd(), "write-tests", completed), "implement", failed), now);
    const fork = forkRun(run, { ...runTask(run), task_id: randomUUID() }, "review", now);
    assert.deepEqual(
      fork.stages.map(({ status }) => status),
      ["Completed", "Pending", "Pending", "Pending", "Pending"],
    );
    assert.deepEqual(names(fork), ["implement"]);
  });

  it("begins again with its options, but for who started it before", () => {
    const started_by = { kind: "command" as const, name: "coditect run", at: now };
    const options = RunOptions.parse({ priority: 3, started_by });
    const again = { ...started_by, name: "coditect resume" };
    assert.deepEqual(optionsAgain({ options }, {}), RunOptions.parse({ priority: 3 }));
    assert.deepEqual(optionsAgain({ options }, { started_by: again }).started_by, again);
  });

  it("asks again after a refused consent, and begins what never began", () => {
    const asked = askForApproval(tdd(), "write-tests", now);
    for (const ended of [
      settle(answerApproval(asked, "write-tests", false, now), now),
      cancelRun(asked, now),
      settle(endStage(tdd(), "write-tests", failed, now), now),
    ]) {
      const again = reopen(ended, now);
      assert.deepEqual(names(again), ["write-tests"]);
      assert.equal(stateOf(again, "write-tests").approved, false);
    }
  });

  it("always comes to an end, in order, with every record valid, whatever the stages do", () => {
    const outcome = fc.oneof(
      { weight: 6, arbitrary: fc.constant(completed) },
      { weight: 3, arbitrary: fc.constant(refused()) },
      { weight: 1, arbitrary: fc.constant(failed) },
    );
    fc.assert(
      fc.property(fc.infiniteStream(outcome), (outcomes) => {
        let run = tdd();
        for (let step = 0; run.completed_at === null; step++) {
          assert.ok(step < 200, "the run does not end");
          for (const { name } of readyStages(run)) {
            const done = definitionOf(run, name).depends_on.map((before) => stateOf(run, before).status);
            assert.ok(done.every((status) => status === "Completed"));
            const [next = completed] = outcomes.take(1);
            run = work(run, name, next);
          }
          run = TeamRun.parse(settle(run, now));
        }
        for (const { name, sent_back } of run.stages) {
          assert.ok(sent_back <= (definitionOf(run, name).on_failure?.max_rounds ?? 0));
        }
      }),
    );
  });
});

const runTask = (run: TeamRun): Task => ({
  task_id: run.task_id,
  tenant_id: run.tenant_id,
  workflow: "team",
  description: "",
  file: null,
  data: null,
  created_at: now,
});
