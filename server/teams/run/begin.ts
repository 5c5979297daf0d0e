import { firstRuntime, type RuntimeChoice, runtimesOf } from "../../../schemas/agent.ts";
import type { Task, TeamRun } from "../../../schemas/run.ts";
import { describeProvider } from "../../models/agent.ts";
import type { RunParts } from "./stage-round.ts";
import { runProvider } from "../stage/charge.ts";

const usesLocal = async ({ configuration, settings }: RunParts, run: TeamRun): Promise<boolean> => {
  const hasLocal = (choice: RuntimeChoice): boolean =>
    settings.local_only || runtimesOf(choice).includes("Local");
  if (run.options.runtime !== null) return hasLocal(run.options.runtime);
  const agents = await Promise.all(run.members.map((member) => configuration.agentOf(member)));
  return agents.some((agent) => hasLocal(agent.settings.runtime ?? settings.runtime));
};

/** Refuses a run that can only use models of VS Code if it does not run there. */
const admitProviders = async (
  { configuration, gateway, settings }: RunParts,
  run: TeamRun,
): Promise<void> => {
  const { signal } = new AbortController();
  for (const member of run.members) {
    const agent = await configuration.agentOf(member);
    const chosen = runProvider(run, agent, settings);
    const providers = chosen === null ? [agent.provider, ...agent.settings.failover] : [chosen];
    if (!providers.every((provider) => "VSCode" in provider)) continue;
    const problem = await gateway.check({ providers, effort: null }, signal, false);
    if (problem !== null) throw problem;
  }
};

/**
 * Refuses a run, before anything of it is stored, if its commands may not run here, its agents cannot work here,
 * or a hook refuses it.
 */
export const admitRun = async (parts: RunParts, run: TeamRun, task: Task): Promise<void> => {
  parts.hooks.admit();
  await admitProviders(parts, run);
  for (const member of run.members) parts.tools.admit(await parts.configuration.agentOf(member));
  await parts.pool.admit("Local").catch(async (error: unknown) => {
    if (await usesLocal(parts, run)) throw error;
  });
  const { task_id, workflow, file, description } = task;
  const input = { source: "startup", team: workflow, task: description, file };
  // The hook's own deadline ends it.
  const { signal } = new AbortController();
  await parts.hooks.run({ event: "SessionStart", task_id, subject: null, input }, signal);
};

/** Emits that a run begins or resumes. */
export const announceRun = async (parts: RunParts, run: TeamRun, task: Task): Promise<void> => {
  const { configuration, settings, store, emit, now } = parts;
  const [member] = run.members;
  const agent = member && (await configuration.agentOf(member));
  const asked = agent && (runProvider(run, agent, settings) ?? agent.provider);
  const described = asked && describeProvider(asked);
  emit({
    type: "run.started",
    at: now(),
    task_id: task.task_id,
    workflow: task.workflow,
    team: store.get("teams", run.team_id)?.name ?? task.workflow,
    stages: run.stages.map((stage) => stage.name),
    model: described === undefined ? "" : `${described.name}/${described.model}`,
    runtime: firstRuntime(run.options.runtime ?? settings.runtime),
  });
};
