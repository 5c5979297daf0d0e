import type { AgentConfig } from "../../../schemas/agent.ts";
import type { TeamRun } from "../../../schemas/run.ts";
import type { Settings } from "../../../schemas/settings.ts";
import type { Charge } from "../../gateway/gateway.ts";
import { strictest } from "../../gateway/limits.ts";

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
  provider: run.options.provider,
  limits: strictest(settings.limits, run.options.limits),
});
