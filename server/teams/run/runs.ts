import type { AgentConfig, AIProvider } from "../../../schemas/agent.ts";
import type { AskedModel, StartRun } from "../../../schemas/contract.ts";
import type { CoditectError } from "../../../schemas/errors.ts";
import type { AgentExecution } from "../../../schemas/execution.ts";
import type { Forecast } from "../../../schemas/forecast.ts";
import type { RunOptions, RunOptionsPatch, TeamRun } from "../../../schemas/run.ts";
import type { AgentTeam } from "../../../schemas/team.ts";
import type { PublishedTeams } from "../definition/configuration.ts";

/** One agent on one task, outside a team. */
export interface StartExecution {
  prompt: string;
  /** Path inside the workspace the task is about. */
  file: string | null;
  options: RunOptions;
}

/** What the agents of a team are checked for. */
export interface HowToCheck {
  /** Asked in place of each agent's own; null: the agents' own. */
  provider: AIProvider | null;
  /** Whether local servers are asked for their models. */
  reachable: boolean;
}

/** What agents ask; `problem`: what is certain to keep them from being answered. */
export interface ModelCheck {
  problem: CoditectError | null;
  asked: AskedModel[];
}

/**
 * The runs of one workspace: what starts, steers and ends them. The store has what they did.
 * Every promise resolves once the step is durable, not once the run has ended; `not_found` for an
 * unknown task or execution.
 */
export interface Runs {
  /** The team of that id or name; default ones are created on demand. Error: `unknown_workflow`. */
  team(idOrName: string): Promise<AgentTeam>;
  /** Stores the built-in teams and those of files as they are now, so that lists have them. */
  publishTeams(): Promise<PublishedTeams>;
  /** What the team's agents ask, and what keeps them from being answered; `provider` in place of their own. */
  checkModels(idOrName: string, how: HowToCheck, signal: AbortSignal): Promise<ModelCheck>;

  /** What such a run will take, from earlier ones of this workspace; nothing is started. */
  forecast(team: string, request: StartRun): Promise<Forecast>;
  start(team: string, request: StartRun): Promise<TeamRun>;
  /** From the last checkpoint on. Error: `run_not_resumable`. */
  resume(taskId: string, options: RunOptionsPatch): Promise<TeamRun>;
  /**
   * A new run that takes over everything before `stage`, which is asked `prompt` in place of its own
   * instruction (null: the same). Errors: `not_found` for the stage, `invalid_workflow` for the prompt.
   */
  retry(taskId: string, stage: string, options: RunOptionsPatch, prompt: string | null): Promise<TeamRun>;
  /** Does nothing to a run that has ended. */
  cancel(taskId: string): Promise<TeamRun>;
  /** Answers a stage that waits for consent. Error: `illegal_transition` if it does not wait. */
  approve(taskId: string, stage: string, approved: boolean): Promise<TeamRun>;

  startExecution(agent: AgentConfig, request: StartExecution): Promise<AgentExecution>;
  /**
   * Cancels that execution and nothing else: parallel stages finish, then the run ends.
   * Error: `illegal_transition` if the execution has ended.
   */
  cancelExecution(executionId: string): Promise<AgentExecution>;
}
