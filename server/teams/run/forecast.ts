import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { AIProvider } from "../../../schemas/agent.ts";
import type { StartRun } from "../../../schemas/contract.ts";
import type { Forecast } from "../../../schemas/forecast.ts";
import type { AgentTeam } from "../../../schemas/team.ts";
import { forecastRun } from "../../forecast/forecast.ts";
import { tokensOfCharacters } from "../../gateway/tokens.ts";
import { runProvider } from "../stage/charge.ts";
import type { RunParts } from "./stage-round.ts";

/** The number of characters in the file, estimated from its size without reading it. */
const fileCharacters = async (workspace: string, { file, options }: StartRun): Promise<number> => {
  if (file === null) return 0;
  const overlay = options.overlays.find(({ path }) => path === file);
  if (overlay !== undefined) return overlay.text.length;
  return (await stat(join(workspace, file)).catch(() => null))?.size ?? 0;
};

/** The providers that the agents of a team use. Each model occurs once. */
const providersOf = async (
  { configuration, settings }: RunParts,
  { members }: AgentTeam,
  request: StartRun,
): Promise<AIProvider[]> => {
  const agents = await Promise.all(members.map((member) => configuration.agentOf(member)));
  const asked = agents.map((agent) => runProvider(request, agent, settings) ?? agent.provider);
  return [...new Map(asked.map((provider) => [JSON.stringify(provider), provider])).values()];
};

/** Forecasts what a run of the team will take, based on earlier runs of this workspace. */
export const forecastOf = async (
  parts: RunParts,
  team: AgentTeam,
  workflow: string,
  request: StartRun,
): Promise<Forecast> => {
  const { store, settings, workspace } = parts;
  const characters = request.task.length + (await fileCharacters(workspace, request));
  const question = {
    workflow,
    stages: team.workflow_stages.reduce((sum, { attempts = 1 }) => sum + attempts, 0),
    providers: await providersOf(parts, team, request),
    promptTokens: tokensOfCharacters(characters),
    contextTokens: settings.context_tokens,
  };
  return forecastRun(question, store);
};
