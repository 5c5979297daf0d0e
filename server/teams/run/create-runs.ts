import { fail } from "../../../schemas/errors.ts";
import type { StartRun } from "../../../schemas/contract.ts";
import { applyPatch } from "../../../schemas/primitives.ts";
import type { Task, TeamRun } from "../../../schemas/run.ts";
import type { AgentTeam } from "../../../schemas/team.ts";
import { TestReport } from "../../../schemas/tests.ts";
import { isRunEnded, isRunOpen, isRunResumable } from "../../../schemas/statuses.ts";
import { describeProvider } from "../../models/agent.ts";
import { cancel, isFinished } from "../../models/execution.ts";
import { saveRun, type DriveParts } from "./active-run.ts";
import { tellFinished } from "./finish.ts";
import { interruptRun, launchRun, stopRun, type LaunchedRun } from "./launch.ts";
import { answerApproval, cancelRun, forkRun, newRun, reopen } from "../plan.ts";
import type { Runs } from "./runs.ts";
import { checkTask, newTask, teamOfOne } from "./task.ts";
import { checkWorkflow } from "../definition/validate.ts";

/** {@link Runs} over the store, with what the composition root needs beside it. */
export interface OwnedRuns extends Runs {
  /** Marks what a former runtime left at work as Interrupted, so that it can be resumed. */
  recover(): Promise<void>;
  /** Interrupts what is at work and waits until it has stopped. */
  close(): Promise<void>;
}

export const createRuns = (parts: DriveParts): OwnedRuns => {
  const { store, pool, configuration, settings, emit, now } = parts;
  const launched = new Map<string, LaunchedRun>();

  const runOf = (taskId: string): TeamRun => {
    const run = launched.get(taskId)?.active.run ?? store.get("runs", taskId);
    if (run === null) throw fail("not_found", { kind: "run of task", id: taskId });
    return run;
  };

  const taskOf = (taskId: string): Task => {
    const task = store.get("tasks", taskId);
    if (task === null) throw fail("not_found", { kind: "task", id: taskId });
    return task;
  };

  const announce = async (run: TeamRun, task: Task, team: AgentTeam | null): Promise<void> => {
    const [member] = run.members;
    const asked = run.options.provider ?? (member && (await configuration.agentOf(member)).provider);
    const described = asked && describeProvider(asked);
    emit({
      type: "run.started",
      at: now(),
      task_id: task.task_id,
      workflow: task.workflow,
      team: team?.name ?? task.workflow,
      stages: run.stages.map((stage) => stage.name),
      model: described === undefined ? "" : `${described.name}/${described.model}`,
      runtime: run.options.runtime ?? settings.runtime,
    });
  };

  const usesLocal = async (run: TeamRun): Promise<boolean> => {
    if (run.options.runtime !== null) return run.options.runtime === "Local";
    const agents = await Promise.all(run.members.map((member) => configuration.agentOf(member)));
    return agents.some((agent) => (agent.settings.runtime ?? settings.runtime) === "Local");
  };
  /** Refuses a run before anything of it is stored, if its commands may not run here. */
  const admit = (run: TeamRun): Promise<void> =>
    pool.admit("Local").catch(async (error: unknown) => {
      if (await usesLocal(run)) throw error;
    });

  /** Stores a run with its task, tells of it, and sets it to work. */
  const begin = async (run: TeamRun, task: Task): Promise<LaunchedRun> => {
    await configuration.checkAvailable(run.members);
    await admit(run);
    await store.commit((transaction) => {
      transaction.put("tasks", task);
      transaction.put("runs", run);
    });
    await announce(run, task, store.get("teams", run.team_id));
    const baseline =
      run.baseline === null
        ? null
        : TestReport.parse(JSON.parse((await store.objects.get(run.baseline)).toString("utf8")));
    const entry = launchRun(parts, run, task, baseline);
    launched.set(run.task_id, entry);
    void entry.done.then(() => {
      // It may have been launched anew meanwhile.
      if (launched.get(run.task_id) === entry) launched.delete(run.task_id);
    });
    return entry;
  };

  const check = (team: AgentTeam): void => {
    checkWorkflow(team);
    configuration.checkMembers(team);
  };

  const startTeam = async (team: AgentTeam, workflow: string, request: StartRun): Promise<LaunchedRun> => {
    check(team);
    await checkTask(parts.workspace, request);
    await parts.feedback.catchUp();
    const task = newTask(store.tenantId, workflow, request, now());
    return begin(newRun(task, team, request.options, now()), task);
  };

  /** Cancels what is stored only: nothing of it is at work. */
  const cancelStored = async (run: TeamRun): Promise<TeamRun> => {
    const cancelled = cancelRun(run, now());
    await store.commit((transaction) => {
      for (const execution of store.all("executions", { task_id: run.task_id })) {
        if (isFinished(execution)) continue;
        transaction.put("executions", cancel(execution, now()));
        parts.ledger.settle(transaction, execution.execution_id);
      }
      transaction.put("runs", cancelled);
    });
    emit({ type: "run.changed", at: now(), task_id: run.task_id, status: "Cancelled" });
    tellFinished(parts, cancelled);
    return cancelled;
  };

  const stop = async (taskId: string): Promise<TeamRun> => {
    const entry = launched.get(taskId);
    if (entry !== undefined && !entry.active.parked) {
      stopRun(entry.active, "Cancelled", null);
      await entry.done;
      return runOf(taskId);
    }
    const run = runOf(taskId);
    return !isRunOpen(run.status) ? run : cancelStored(run);
  };

  return {
    team: (idOrName) => configuration.team(idOrName),
    publishTeams: () => configuration.publishTeams(),
    check,

    start: async (idOrName, request) => {
      const { active } = await startTeam(await configuration.team(idOrName), idOrName, request);
      return active.run;
    },

    resume: async (taskId, options) => {
      const run = runOf(taskId);
      // It may have been told that it ended a moment before it was put away.
      if (isRunEnded(run.status)) await launched.get(taskId)?.done;
      if (launched.has(taskId) || !isRunResumable(run.status)) {
        throw fail("run_not_resumable", { task_id: taskId, status: run.status });
      }
      const reopened = reopen(run, now());
      const next = { ...reopened, options: applyPatch(reopened.options, options) };
      return (await begin(next, taskOf(taskId))).active.run;
    },

    retry: async (taskId, stage, options, prompt) => {
      const run = runOf(taskId);
      if (!run.stages.some((state) => state.name === stage)) {
        throw fail("not_found", { kind: "stage", id: stage });
      }
      const { workflow, description, file, data } = taskOf(taskId);
      const request = { task: description, file, data, options: applyPatch(run.options, options) };
      const task = newTask(store.tenantId, workflow, request, now());
      const forked = forkRun(run, task, stage, now());
      const workflow_stages = forked.workflow_stages.map((definition) =>
        definition.name === stage && prompt !== null ? { ...definition, prompt } : definition,
      );
      checkWorkflow({ name: workflow, members: run.members, workflow_stages });
      const next = { ...forked, options: request.options, workflow_stages };
      return (await begin(next, task)).active.run;
    },

    cancel: stop,

    approve: async (taskId, stage, approved) => {
      const run = runOf(taskId);
      const state = run.stages.find((candidate) => candidate.name === stage);
      if (state?.status !== "WaitingForApproval") {
        const from = state?.status ?? "unknown";
        throw fail("illegal_transition", {
          what: `Stage ${stage}`,
          from,
          to: approved ? "Running" : "Cancelled",
        });
      }
      const answered = answerApproval(run, stage, approved, now());
      const entry = launched.get(taskId);
      if (entry === undefined || entry.active.parked)
        return (await begin(answered, taskOf(taskId))).active.run;
      await saveRun(parts, entry.active, answered);
      entry.active.wake();
      return entry.active.run;
    },

    startExecution: async (agent, { prompt, file, options }) => {
      const team = await teamOfOne(store, agent, now());
      const entry = await startTeam(team, team.name, { task: prompt, file, data: null, options });
      return entry.firstExecution;
    },

    cancelExecution: async (executionId) => {
      const execution = store.get("executions", executionId);
      if (execution === null) throw fail("not_found", { kind: "execution", id: executionId });
      // Refuses one that has ended; a run cannot do without one of its executions.
      const cancelled = cancel(execution, now());
      await stop(execution.task_id);
      return store.get("executions", executionId) ?? cancelled;
    },

    recover: async () => {
      const left = store
        .all("runs", { open: true })
        .filter((run) => run.status === "Running" || run.status === "Queued");
      if (left.length === 0) return;
      await store.commit((transaction) => {
        for (const run of left) transaction.put("runs", { ...run, status: "Interrupted", updated_at: now() });
      });
    },

    close: async () => {
      const entries = [...launched.values()];
      for (const { active } of entries) interruptRun(active);
      await Promise.all(entries.map(({ done }) => done));
    },
  };
};
