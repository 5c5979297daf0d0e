import type { AgentConfig, AgentType, AIProvider } from "../../../schemas/agent.ts";
import type { AskedModel, StartRun } from "../../../schemas/contract.ts";
import { fail } from "../../../schemas/errors.ts";
import type { AgentExecution } from "../../../schemas/execution.ts";
import type { Forecast } from "../../../schemas/forecast.ts";
import type { RunOptionsPatch, Task, TeamRun } from "../../../schemas/run.ts";
import { isRunEnded, isRunResumable } from "../../../schemas/statuses.ts";
import { summarise } from "../../../schemas/summary.ts";
import type { AgentTeam } from "../../../schemas/team.ts";
import { Stop } from "../../executions/stop.ts";
import type { ModelGateway } from "../../gateway/gateway.ts";
import { describeProvider } from "../../models/agent.ts";
import { runProvider } from "../stage/charge.ts";
import { cancel } from "../../models/execution.ts";
import { withAttempts } from "../definition/attempts.ts";
import type { PublishedTeams } from "../definition/configuration.ts";
import { answerApproval, newRun } from "../plan.ts";
import { admitRun, announceRun } from "./begin.ts";
import { forecastOf } from "./forecast.ts";
import { RunDriver } from "./run-driver.ts";
import { forkRun, optionsAgain, reopen } from "./reopen.ts";
import { interruptLeftRuns, RunRecord } from "./run-record.ts";
import type { HowToCheck, ModelCheck, Runs, StartExecution } from "./runs.ts";
import type { RunParts } from "./stage-round.ts";
import { checkTask, newTask, teamOfOne } from "./task.ts";

const askedModel = (
  provider: AIProvider,
  agents: readonly { agent_type: AgentType }[],
  gateway: Pick<ModelGateway, "price">,
): AskedModel => {
  const { name, model } = describeProvider(provider);
  const agent_types = [...new Set(agents.map(({ agent_type }) => agent_type))];
  return { provider: name, model, agent_types, price: gateway.price(provider) };
};

/** The team with the attempts that the run asks for. Error: `invalid_workflow`. */
const attemptedTeam = (team: AgentTeam, { options }: Pick<StartRun, "options">): AgentTeam => ({
  ...team,
  workflow_stages: withAttempts(team.name, team.workflow_stages, options.attempts),
});

/** The runs of a workspace: a driver for each active one, the store for all others. */
export class TeamRuns implements Runs {
  readonly #parts: RunParts;
  readonly #drivers = new Map<string, RunDriver>();

  constructor(parts: RunParts) {
    this.#parts = parts;
  }

  team(idOrName: string): Promise<AgentTeam> {
    return this.#parts.configuration.team(idOrName);
  }

  publishTeams(): Promise<PublishedTeams> {
    return this.#parts.configuration.publishTeams();
  }

  async checkModels(
    idOrName: string,
    { provider, reachable }: HowToCheck,
    signal: AbortSignal,
  ): Promise<ModelCheck> {
    const { configuration, gateway, settings } = this.#parts;
    const { members } = await configuration.team(idOrName);
    const agents = await Promise.all(members.map((member) => configuration.agentOf(member)));
    const asked = agents.map((agent) => ({
      agent_type: agent.agent_type,
      provider: runProvider({ options: { provider } }, agent, settings) ?? agent.provider,
      failover: agent.settings.failover,
      effort: agent.settings.effort ?? settings.effort,
    }));
    // Agents that use the same model are checked once.
    const distinct = new Map(
      asked.map(({ provider, failover, effort }) => [
        JSON.stringify([provider, failover, effort]),
        { providers: [provider, ...failover], effort },
      ]),
    );
    const problems = await Promise.all(
      [...distinct.values()].map((each) => gateway.check(each, signal, reachable)),
    );
    const byModel = Map.groupBy(asked, ({ provider }) => JSON.stringify(provider));
    return {
      problem: problems.find((problem) => problem !== null) ?? null,
      asked: [...byModel.values()].flatMap(([first, ...more]) =>
        first === undefined ? [] : [askedModel(first.provider, [first, ...more], gateway)],
      ),
    };
  }

  async forecast(idOrName: string, request: StartRun): Promise<Forecast> {
    const team = await this.team(idOrName);
    return forecastOf(this.#parts, attemptedTeam(team, request), idOrName, request);
  }

  async start(idOrName: string, request: StartRun): Promise<TeamRun> {
    return (await this.#startTeam(await this.team(idOrName), idOrName, request)).run;
  }

  async resume(taskId: string, options: RunOptionsPatch): Promise<TeamRun> {
    const run = this.#runOf(taskId);
    // Its end may have been emitted a moment before it was removed.
    if (isRunEnded(run.status)) await this.#drivers.get(taskId)?.done;
    if (this.#drivers.has(taskId) || !isRunResumable(run.status)) {
      throw fail("run_not_resumable", { task_id: taskId, status: run.status });
    }
    const reopened = reopen(run, this.#parts.now());
    const next = { ...reopened, options: optionsAgain(run, options) };
    return (await this.#begin(next, this.#taskOf(taskId))).run;
  }

  async retry(
    taskId: string,
    stage: string,
    options: RunOptionsPatch,
    prompt: string | null,
  ): Promise<TeamRun> {
    const run = this.#runOf(taskId);
    if (!run.stages.some((state) => state.name === stage)) {
      throw fail("not_found", { kind: "stage", id: stage });
    }
    const { store, now } = this.#parts;
    const { workflow, description, file, data } = this.#taskOf(taskId);
    const request = { task: description, file, data, options: optionsAgain(run, options) };
    const task = newTask(store.tenantId, workflow, request, now());
    const forked = forkRun(run, task, stage, now());
    const workflow_stages = withAttempts(workflow, forked.workflow_stages, options.attempts).map(
      (definition) => (definition.name === stage && prompt !== null ? { ...definition, prompt } : definition),
    );
    this.#parts.configuration.checkTeam({ name: workflow, members: run.members, workflow_stages });
    return (await this.#begin({ ...forked, options: request.options, workflow_stages }, task)).run;
  }

  async cancel(taskId: string): Promise<TeamRun> {
    const driver = this.#drivers.get(taskId);
    if (driver === undefined || driver.isParked) {
      return new RunRecord(this.#parts, this.#runOf(taskId)).cancelIdle();
    }
    driver.stop(new Stop("cancelled"));
    await driver.done;
    return driver.run;
  }

  async approve(taskId: string, stage: string, approved: boolean): Promise<TeamRun> {
    const run = this.#runOf(taskId);
    const state = run.stages.find((candidate) => candidate.name === stage);
    if (state?.status !== "WaitingForApproval") {
      const from = state?.status ?? "unknown";
      const to = approved ? "Running" : "Cancelled";
      throw fail("illegal_transition", { what: `Stage ${stage}`, from, to });
    }
    const driver = this.#drivers.get(taskId);
    if (driver === undefined || driver.isParked) {
      const answered = answerApproval(run, stage, approved, this.#parts.now());
      const next = { ...answered, options: optionsAgain(answered, {}) };
      return (await this.#begin(next, this.#taskOf(taskId))).run;
    }
    await driver.answer(stage, approved);
    return driver.run;
  }

  async startExecution(agent: AgentConfig, request: StartExecution): Promise<AgentExecution> {
    const { prompt, file, options } = request;
    const team = await teamOfOne(this.#parts.store, agent, this.#parts.now());
    const driver = await this.#startTeam(team, team.name, { task: prompt, file, data: null, options });
    return driver.firstExecution;
  }

  async cancelExecution(executionId: string): Promise<AgentExecution> {
    const { store, ledger, emit, now } = this.#parts;
    const execution = store.get("executions", executionId);
    if (execution === null) throw fail("not_found", { kind: "execution", id: executionId });
    // Refuses one that has ended.
    const cancelled = cancel(execution, now());
    const driver = this.#drivers.get(execution.task_id);
    if (driver === undefined || driver.isParked) {
      await store.commit((transaction) => {
        transaction.put("executions", cancelled);
        ledger.settle(transaction, executionId);
      });
      const { task_id } = execution;
      emit({ type: "execution.changed", at: now(), task_id, execution: summarise(cancelled) });
    } else await driver.cancelExecution(executionId);
    return store.get("executions", executionId) ?? cancelled;
  }

  /** Marks the runs that a former runtime left running as Interrupted, so that they can be resumed. */
  recover(): Promise<void> {
    return interruptLeftRuns(this.#parts);
  }

  /** Interrupts what is running and waits until it has stopped. */
  async close(): Promise<void> {
    const drivers = [...this.#drivers.values()];
    for (const driver of drivers) driver.stop(new Stop("interrupted"));
    await Promise.all(drivers.map(({ done }) => done));
  }

  #runOf(taskId: string): TeamRun {
    const run = this.#drivers.get(taskId)?.run ?? this.#parts.store.get("runs", taskId);
    if (run === null) throw fail("not_found", { kind: "run of task", id: taskId });
    return run;
  }

  #taskOf(taskId: string): Task {
    const task = this.#parts.store.get("tasks", taskId);
    if (task === null) throw fail("not_found", { kind: "task", id: taskId });
    return task;
  }

  async #startTeam(given: AgentTeam, workflow: string, request: StartRun): Promise<RunDriver> {
    const { store, workspace, configuration, feedback, now } = this.#parts;
    const team = attemptedTeam(given, request);
    configuration.checkTeam(team);
    await checkTask(workspace, request);
    await feedback.catchUp();
    const task = newTask(store.tenantId, workflow, request, now());
    const forecast = await forecastOf(this.#parts, team, workflow, request);
    return this.#begin(newRun(task, team, request.options, forecast, now()), task);
  }

  /** Stores a run with its task, emits it, and starts it. */
  async #begin(run: TeamRun, task: Task): Promise<RunDriver> {
    await this.#parts.configuration.checkAvailable(run.members);
    await admitRun(this.#parts, run, task);
    const record = new RunRecord(this.#parts, run);
    await record.create(task);
    await announceRun(this.#parts, run, task);
    const driver = new RunDriver(this.#parts, record, task);
    this.#drivers.set(run.task_id, driver);
    void driver.done.then(() => {
      // It may have been resumed in the meantime.
      if (this.#drivers.get(run.task_id) === driver) this.#drivers.delete(run.task_id);
    });
    return driver;
  }
}
