import type { AIProvider } from "../../schemas/agent.ts";
import { Forecast } from "../../schemas/forecast.ts";
import type { TeamRun } from "../../schemas/run.ts";
import { priceOf } from "../gateway/prices.ts";
import { totalTokens } from "../models/execution.ts";
import { describeProvider } from "../models/agent.ts";
import type { Store } from "../store/store.ts";
import { estimate, SPREAD } from "./estimate.ts";

/** A run that is about to start. */
export interface ForecastQuestion {
  /** The workflow or team, as the user named it. */
  workflow: string;
  stages: number;
  /** What the agents ask. */
  providers: readonly AIProvider[];
  /** Tokens of the task and its file. */
  promptTokens: number;
  /** Tokens of the workspace that every stage gets besides. */
  contextTokens: number;
}

/** As many of the newest runs are drawn from; older ones say less of the workspace as it is. */
const MOST_RUNS = 20;
/** Runs of all workflows that are looked through. */
const MOST_LOOKED_AT = 60;
/** Turns and seconds of a stage that nothing is known of. */
const TURNS_PER_STAGE = 4;
const SECONDS_PER_STAGE = 40;
/** Share of output among the tokens of a run that nothing is known of. */
const OUTPUT_SHARE = 0.1;
/** How far the first guess may be off: it knows neither the model nor the project. */
const FIRST_SPREAD = 2 * SPREAD;

const statuses = ["Succeeded", "GateFailed"] as const;

/** What a run came to, and what its forecast said. */
export interface EndedRun {
  run: TeamRun;
  forecast: Forecast | null;
  tokens: number;
  cost: number | null;
  seconds: number;
}

/** A run that ended by itself; `null`: it was stopped, or took over another one's stages. */
export const endedRun = (run: TeamRun): EndedRun | null => {
  const isWhole = run.parent === null && statuses.some((status) => status === run.status);
  if (!isWhole || run.completed_at === null) return null;
  return {
    run,
    // Parsed, because a run that an older version stored has none.
    forecast: Forecast.nullish().parse(run.forecast) ?? null,
    tokens: totalTokens(run.usage),
    cost: run.usage.cost,
    seconds: (Date.parse(run.completed_at) - Date.parse(run.created_at)) / 1000,
  };
};

const earlierRuns = (store: Store, workflow: string): EndedRun[] =>
  statuses
    .flatMap((status) => store.page("runs", { status }, { limit: MOST_LOOKED_AT, cursor: null }).items)
    .sort((one, other) => other.created_at.localeCompare(one.created_at))
    .filter(({ task_id }) => store.get("tasks", task_id)?.workflow === workflow)
    .flatMap((run) => endedRun(run) ?? [])
    .slice(0, MOST_RUNS);

const modelsOf = (store: Store, { task_id }: TeamRun): string[] =>
  store.all("executions", { task_id }).map(({ metadata: { provider, model } }) => `${provider}/${model}`);

/** Dollars of a token that nothing else is known of; `null`: the price is unknown. */
const tokenPrice = (provider: AIProvider): number | null => {
  const { name, model } = describeProvider(provider);
  const price = priceOf({ provider: name, model, promptTokens: 0, at: Date.now(), centsPer1k: null }, {});
  return price === null ? null : (price.input * (1 - OUTPUT_SHARE) + price.output * OUTPUT_SHARE) / 1e6;
};

/** The same factor for each, whatever the agents' shares are. */
const meanPrice = (providers: readonly AIProvider[]): number | null => {
  const prices = providers.map(tokenPrice).filter((price) => price !== null);
  if (prices.length === 0 || prices.length < providers.length) return null;
  return prices.reduce((sum, price) => sum + price, 0) / prices.length;
};

/**
 * What a run will take. Earlier runs of the same workflow with the same models count; without any,
 * those with other models count for their tokens. Each is scaled by the length of its prompt: with
 * every turn, task and workspace are sent again.
 */
export const forecastRun = (question: ForecastQuestion, store: Store): Forecast => {
  const { workflow, stages, providers, promptTokens, contextTokens } = question;
  const asked = new Set(providers.map(describeProvider).map(({ name, model }) => `${name}/${model}`));
  const earlier = earlierRuns(store, workflow);
  const alike = earlier.filter(({ run }) => modelsOf(store, run).every((model) => asked.has(model)));
  const used = alike.length > 0 ? alike : earlier;
  const sent = contextTokens + promptTokens;
  const scale = ({ forecast }: EndedRun): number =>
    forecast === null || sent === 0 ? 1 : sent / Math.max(1, contextTokens + forecast.prompt_tokens);

  const firstTokens = Math.max(1, stages) * TURNS_PER_STAGE * Math.max(1, sent);
  const tokens = estimate(
    used.map((ended) => ended.tokens * scale(ended)),
    { expected: firstTokens, spread: FIRST_SPREAD },
  );
  const price = meanPrice(providers);
  const costs = alike.flatMap((ended) => (ended.cost === null ? [] : ended.cost * scale(ended)));
  const cost =
    costs.length > 0
      ? estimate(costs, { expected: Math.max(...costs), spread: SPREAD })
      : price === null
        ? null
        : {
            expected: tokens.expected * price,
            low: tokens.low * price,
            high: tokens.high * price,
          };
  const seconds = estimate(
    alike.map((ended) => ended.seconds),
    { expected: Math.max(1, stages) * SECONDS_PER_STAGE, spread: FIRST_SPREAD },
  );
  return { prompt_tokens: promptTokens, runs: used.length, tokens, cost, seconds };
};
