import type { AgentConfig } from "../../../schemas/agent.ts";
import type { StageState } from "../../../schemas/run.ts";
import type { StageVariation, WorkflowStage } from "../../../schemas/team.ts";

/** The number of attempts in a new round of a stage. Later rounds repair the best attempt of the first. */
export const attemptsInRound = (stage: WorkflowStage, { round }: Pick<StageState, "round">): number =>
  round === 0 ? (stage.attempts ?? 1) : 1;

/**
 * Advice for the attempts after the first, if the team does not say how they differ. The same instruction with the
 * same temperature often results in the same change.
 */
const advice = [
  "Make the smallest change that does all of the task.",
  "Before you write code, list the unusual inputs that the task implies, and handle each of them.",
  "Look first for code of this project that does something similar, and build on it.",
  "Write down the rule behind the task in one sentence, and implement that rule and no special cases.",
];

/** How the attempt with this number differs; null if it is the only one or does not differ. */
export const variationOf = (stage: WorkflowStage, attempt: number): StageVariation | null => {
  const { variations } = stage;
  if (variations !== undefined) return variations[(attempt - 1) % variations.length] ?? null;
  const prompt = attempt === 1 ? undefined : advice[(attempt - 2) % advice.length];
  return prompt === undefined ? null : { prompt };
};

/** The stage and its agent for an attempt. `agent` is the agent of the variation's member. */
export const varied = (
  stage: WorkflowStage,
  agent: AgentConfig,
  variation: StageVariation | null,
): { stage: WorkflowStage; agent: AgentConfig } => {
  if (variation === null) return { stage, agent };
  const { provider, temperature, prompt } = variation;
  return {
    stage: prompt === undefined ? stage : { ...stage, prompt: `${stage.prompt}\n\n${prompt}` },
    agent: {
      ...agent,
      provider: provider ?? agent.provider,
      settings: { ...agent.settings, temperature: temperature ?? agent.settings.temperature },
    },
  };
};
