import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import type { MethodInput } from "../../../schemas/contract.ts";
import { fail } from "../../../schemas/errors.ts";
import { isActive } from "../../../server/models/instance.ts";
import { startRuntime, type TestRuntime } from "../../harness.ts";
import { startModelServer, type JournalEntry, type ModelServer, type Turn } from "../../model-servers.ts";
import { answered, call, finish } from "../../support/one-round.ts";
import { testWorkspace, type TestWorkspace } from "../../support/workspace.ts";

type Team = MethodInput<"teams/create">;
type Stage = Team["workflow_stages"][number];

const writes =
  (content: string): ((entry: JournalEntry) => Turn) =>
  (entry) =>
    answered(entry) === 0 ? call("write_file", { path: "src/shared.js", content }) : finish;

const writer = (name: string, member: string): Stage => ({
  name,
  member,
  prompt: "Write {{file}}.",
  write_access: "sources",
  gates: ["changed"],
});

const members: Team["members"] = [
  { role: "coder", agent_type: "Coder" },
  { role: "architect", agent_type: "Architecture" },
  { role: "reviewer", agent_type: "Reviewer" },
];
const look: Stage = { name: "look", member: "reviewer", prompt: "Look." };
const both = [writer("left", "coder"), writer("right", "architect")];

describe("the driver of runs", () => {
  let model: ModelServer;
  let files: TestWorkspace;
  let project: TestRuntime;
  const request = { task: "Do it.", file: "src/shared.js" };

  before(async () => {
    model = await startModelServer({
      Coder: writes("export const shared = 1;\n"),
      Architecture: (entry) => {
        const isTold = JSON.stringify(entry.body).includes("changed the same lines");
        return writes(`export const shared = ${isTold ? 1 : 2};\n`)(entry);
      },
      Reviewer: () => finish,
      // Never answers while a test lasts.
      Security: () => ({ ...finish, stallAfter: 0 }),
    });
  });
  after(() => model.close());
  beforeEach(async () => {
    files = await testWorkspace({ "src/shared.js": "export const shared = 0;\n" });
    project = await startRuntime({ workspace: files.root, settings: { provider: model.ollama() } });
  });
  afterEach(async () => {
    await project.close();
    await files.remove();
  });

  /** Its architect may write code, too. */
  const team = async (...workflow_stages: Stage[]): Promise<string> => {
    const { agent_id } = await project.call("agents/create", {
      name: "Building architect",
      agent_type: "Architecture",
      provider: model.ollama(),
      capabilities: ["DesignArchitecture", "ImplementCode"],
    });
    const own = members.map((member) => (member.role === "architect" ? { ...member, agent_id } : member));
    await project.call("teams/create", { name: "mine", members: own, workflow_stages });
    return "mine";
  };
  const stageIn = (finished: { stages: readonly { name: string; status: string }[] }, name: string) =>
    finished.stages.find((stage) => stage.name === name)?.status;

  describe("when parallel stages changed the same lines", () => {
    it("ends before the stage that needs both, and names stages and file", async () => {
      const finished = await project.run(
        await team(...both, { ...look, depends_on: ["left", "right"] }),
        request,
      );
      assert.equal(finished.status, "GateFailed");
      assert.equal(finished.error?.code, "stages_conflict");
      assert.match(finished.error.message, /left, right changed the same lines of src\/shared\.js/);
      assert.equal(stageIn(finished, "look"), "Failed");
    });

    it("ends the same where only a condition needs to know", async () => {
      const joined: Stage = { ...look, depends_on: ["left", "right"], condition: "has_changes" };
      const finished = await project.run(await team(...both, joined), request);
      assert.equal(finished.error?.code, "stages_conflict");
    });

    it("ends the same where nothing follows, and keeps what each stage did", async () => {
      const finished = await project.run(await team(...both), request);
      assert.deepEqual([finished.status, finished.error?.code], ["GateFailed", "stages_conflict"]);
      const sets = project.runtime.store.all("changeSets", { task_id: finished.task_id });
      assert.equal(sets.length, 2);
    });

    it("sends it back where the team says to whom", async () => {
      const joined: Stage = {
        ...look,
        depends_on: ["left", "right"],
        gates: ["findings"],
        on_failure: { back_to: "right", max_rounds: 1 },
      };
      const finished = await project.run(await team(...both, joined), request);
      assert.equal(finished.status, "Succeeded", finished.error?.message);
      assert.equal(finished.stages.find(({ name }) => name === "right")?.round, 2);
      const [, second] = project.told("stage.started").filter(({ stage }) => stage === "right");
      assert.match(second?.feedback ?? "", /left, right changed the same lines/);
    });
  });

  describe("at a deadline", () => {
    const held: Stage = { name: "held", member: "security", prompt: "Look." };
    const endsAt = async (options: object, stage: Partial<Stage>, what: RegExp) => {
      await project.call("teams/create", {
        name: "held",
        members: [...members, { role: "security", agent_type: "Security" }],
        workflow_stages: [{ ...held, ...stage }],
      });
      const asked = model.requests.length;
      const finished = await project.run("held", { ...request, options });
      assert.equal(finished.status, "LimitReached");
      assert.equal(finished.error?.code, "timed_out");
      assert.match(finished.error.message, what);
      const { executions } = await project.call("runs/get", { task_id: finished.task_id });
      assert.ok(["TimedOut", "Cancelled"].includes(executions[0]?.status ?? ""));
      const working = project.runtime.store.all("instances").filter(({ state }) => state === "Working");
      assert.deepEqual(working, []);
      // The server hears a little later that nobody waits for its answer any more.
      const isAborted = () => model.requests.slice(asked).every(({ aborted }) => aborted);
      while (!isAborted()) await new Promise(setImmediate);
    };

    it("of a stage, ends it with everything it asked for", () =>
      endsAt({}, { timeout_seconds: 2 }, /The work of Security took longer than 2 s/));

    it("of the run, ends its stages too", () =>
      endsAt({ timeout_seconds: 2 }, {}, /The run took longer than 2 s/));
  });

  describe("with a stage that needs consent", () => {
    const asks: Stage = { ...writer("write", "coder"), approval: true };

    it("waits for it, costs nothing meanwhile, and goes on", async () => {
      const { task_id } = await project.call("teams/execute", { ...request, team_id: await team(asks) });
      const asked = model.requests.length;
      await project.event("run.changed", ({ status }) => status === "WaitingForApproval");
      assert.deepEqual(project.runtime.store.all("instances").filter(isActive), []);
      assert.equal(model.requests.length, asked);
      await project.call("runs/approve", { task_id, stage: "write", approved: true });
      assert.equal((await project.event("run.finished")).status, "Succeeded");
    });

    it("goes on when it is answered in the very moment it is asked", async () => {
      project.runtime.subscribe((event) => {
        if (event.type !== "run.changed" || event.status !== "WaitingForApproval") return;
        // A few turns of the queue later: when its driver has just gone.
        let turns = 3;
        const answer = (): unknown =>
          turns-- > 0
            ? Promise.resolve().then(answer)
            : project.call("runs/approve", { task_id: event.task_id, stage: "write", approved: true });
        void answer();
      });
      assert.equal((await project.run(await team(asks), request)).status, "Succeeded");
    });

    it("goes on at once while other stages are at work", async () => {
      const workflow_stages = [{ ...look, name: "held", member: "security" }, asks];
      const withSecurity = [...members, { role: "security", agent_type: "Security" as const }];
      await project.call("teams/create", { name: "mine", members: withSecurity, workflow_stages });
      const { task_id } = await project.call("teams/execute", { ...request, team_id: "mine" });
      await project.event("approval.needed");
      await project.call("runs/approve", { task_id, stage: "write", approved: true });
      const written = await project.event("stage.finished", ({ stage }) => stage.name === "write");
      assert.equal(written.stage.status, "Completed");
      await project.call("runs/cancel", { task_id });
    });

    it("ends without it, and asks again when it is resumed", async () => {
      const { task_id } = await project.call("teams/execute", { ...request, team_id: await team(asks) });
      await project.event("run.changed", ({ status }) => status === "WaitingForApproval");
      await project.call("runs/approve", { task_id, stage: "write", approved: false });
      const refused = await project.event("run.finished");
      assert.equal(refused.status, "Cancelled");
      project.events.length = 0;
      await project.call("runs/resume", { task_id });
      await project.event("approval.needed");
      await project.event("run.changed", ({ status }) => status === "WaitingForApproval");
      await project.call("runs/approve", { task_id, stage: "write", approved: true });
      assert.equal((await project.event("run.finished")).status, "Succeeded");
    });

    it("tells of its end when it is cancelled while it waits", async () => {
      const { task_id } = await project.call("teams/execute", { ...request, team_id: await team(asks) });
      await project.event("run.changed", ({ status }) => status === "WaitingForApproval");
      await project.call("runs/cancel", { task_id });
      const finished = await project.event("run.finished");
      assert.deepEqual([finished.status, stageIn(finished, "write")], ["Cancelled", "Cancelled"]);
    });
  });

  it("cancels one execution alone: the stage beside it comes to its end", async () => {
    const workflow_stages = [{ ...look, name: "held", member: "security" }, writer("write", "coder")];
    const withSecurity = [...members, { role: "security", agent_type: "Security" as const }];
    await project.call("teams/create", { name: "mine", members: withSecurity, workflow_stages });
    const { task_id } = await project.call("teams/execute", { ...request, team_id: "mine" });
    const isHeld = ({ stage }: { stage: string | null }) => stage === "held";
    const { execution } = await project.event(
      "execution.changed",
      (event) => event.execution.status === "Running" && isHeld(event.execution),
    );
    const cancelled = await project.call("executions/cancel", { execution_id: execution.execution_id });
    assert.equal(cancelled.status, "Cancelled");
    const finished = await project.event("run.finished");
    assert.deepEqual(
      [finished.status, stageIn(finished, "held"), stageIn(finished, "write")],
      ["Cancelled", "Cancelled", "Completed"],
    );
    await assert.rejects(project.call("executions/cancel", { execution_id: execution.execution_id }), {
      code: "illegal_transition",
    });
    assert.equal((await project.call("runs/get", { task_id })).executions.length, 2);
  });

  it("tells of an end also when nothing of it can be stored any more", async () => {
    const full = fail("state_read_only", { reason: "the disk is full" });
    project.runtime.subscribe(({ type }) => {
      // The store as it is after a failed write: every later commit is refused.
      if (type === "stage.started")
        Object.defineProperty(project.runtime.store, "commit", {
          value: () => Promise.reject(full),
          configurable: true,
        });
    });
    const finished = await project.run(await team(writer("write", "coder")), request);
    Reflect.deleteProperty(project.runtime.store, "commit");
    assert.deepEqual([finished.status, finished.error?.code], ["Failed", "state_read_only"]);
  });

  it("succeeds, and says so, when changes cannot be applied unasked", async () => {
    await project.close();
    const settings = { provider: model.ollama(), auto_apply: true };
    project = await startRuntime({ workspace: files.root, settings });
    project.runtime.subscribe(({ type }) => {
      // Between the end of the work and its application the user turns the folder into a file.
      if (type !== "stage.finished") return;
      rmSync(`${files.root}/src`, { recursive: true });
      writeFileSync(`${files.root}/src`, "no folder");
    });
    const finished = await project.run(await team(writer("write", "coder")), request);
    assert.equal(finished.status, "Succeeded");
    assert.equal(finished.changes[0]?.decision, "Pending");
  });
});
