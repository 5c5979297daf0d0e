import type { AgentConfig, AIProvider } from "../../../schemas/agent.ts";
import { providerForRole } from "../../../schemas/default-models.ts";
import type { TeamRun } from "../../../schemas/run.ts";
import type { Settings } from "../../../schemas/settings.ts";
import type { Charge } from "../../gateway/gateway.ts";
import { strictest } from "../../gateway/limits.ts";

/** The provider that the run uses instead of the agent's own; null if there is none. */
export const runProvider = (
  { options: { provider } }: { options: Pick<TeamRun["options"], "provider"> },
  { agent_type }: Pick<AgentConfig, "agent_type">,
  { role_models }: Pick<Settings, "role_models">,
): AIProvider | null => (provider === null ? null : providerForRole(provider, agent_type, role_models));

/** Whose budget the model calls of an execution are charged to, with the caps of its run. */
export const chargeOf = (
  execution_id: string,
  run: TeamRun,
  agent: AgentConfig,
  settings: Settings,
): Charge => ({
  execution_id,
  task_id: run.task_id,
  agent,
  provider: runProvider(run, agent, settings),
  limits: strictest(settings.limits, run.options.limits),
});
