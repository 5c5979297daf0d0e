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
  /** The path inside the workspace that the task is about. */
  file: string | null;
  options: RunOptions;
}

/** How to check the models of a team's agents. */
export interface HowToCheck {
  /** The provider to ask instead of each agent's own; null means the agents' own. */
  provider: AIProvider | null;
  /** Whether local servers are asked for their models. */
  reachable: boolean;
}

/** What agents ask. `problem` is a certain reason why they would get no answer. */
export interface ModelCheck {
  problem: CoditectError | null;
  asked: AskedModel[];
}

/**
 * Starts, steers and ends the runs of one workspace. The store contains their results. Every promise resolves when
 * the step is durable, which is before the run has ended. Errors: `not_found` for an unknown task or execution.
 */
export interface Runs {
  /** The team with this ID or name. Default teams are created on demand. Error: `unknown_workflow`. */
  team(idOrName: string): Promise<AgentTeam>;
  /** Stores the built-in teams and the current teams of files, so that lists contain them. */
  publishTeams(): Promise<PublishedTeams>;
  /** The models that the team's agents ask, and why they would get no answer. */
  checkModels(idOrName: string, how: HowToCheck, signal: AbortSignal): Promise<ModelCheck>;

  /** Forecasts what such a run will take, based on earlier runs of this workspace. Starts nothing. */
  forecast(team: string, request: StartRun): Promise<Forecast>;
  start(team: string, request: StartRun): Promise<TeamRun>;
  /** Resumes a run from its last checkpoint. Error: `run_not_resumable`. */
  resume(taskId: string, options: RunOptionsPatch): Promise<TeamRun>;
  /**
   * Starts a new run that takes over everything before `stage`. `prompt` replaces the instruction of the stage
   * unless it is null. Errors: `not_found` for the stage, `invalid_workflow` for the prompt.
   */
  retry(taskId: string, stage: string, options: RunOptionsPatch, prompt: string | null): Promise<TeamRun>;
  /** Cancels a run. Does nothing if it has ended. */
  cancel(taskId: string): Promise<TeamRun>;
  /** Answers a stage that waits for consent. Error: `illegal_transition` if it does not wait. */
  approve(taskId: string, stage: string, approved: boolean): Promise<TeamRun>;

  startExecution(agent: AgentConfig, request: StartExecution): Promise<AgentExecution>;
  /**
   * Cancels only this execution. Parallel stages finish, and then the run ends.
   * Error: `illegal_transition` if the execution has ended.
   */
  cancelExecution(executionId: string): Promise<AgentExecution>;
}
