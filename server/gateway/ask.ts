import { defaultSettings } from "../models/agent.ts";
import { attemptAnswer, type AttemptTools, type Outcome } from "./attempt.ts";
import { missingKey, ProviderFault } from "./faults.ts";
import type { Charge, Credentials, GatewaySignal, ModelAnswer, ModelRequest } from "./gateway.ts";
import type { CapKeeper } from "./limits.ts";
import { costOf, dollarsOf, priceOf, type Price, type PriceOverrides } from "./prices.ts";
import type { Providers } from "./providers.ts";
import { targetsOf, type Endpoints, type Target } from "./targets.ts";
import { estimateRequestTokens, noUsage, totalTokens } from "./tokens.ts";
import { backOff, cancelled, orAborted } from "./waiting.ts";

export interface Asking {
  request: ModelRequest;
  charge: Charge;
  signal: AbortSignal;
  tell: (signal: GatewaySignal) => void;
}

/** Everything that stands between a request and a provider. */
export interface Policy {
  providers: Providers;
  endpoints: Endpoints;
  credentials: Credentials;
  caps: CapKeeper;
  prices: PriceOverrides;
  attempts: AttemptTools;
  random: () => number;
}

interface Pricing {
  price: Price | null;
  /** What the caps count where the price is unknown. */
  assumed: Price | null;
}

const pricingOf = (target: Target, charge: Charge, promptTokens: number, policy: Policy): Pricing => {
  const { agent } = charge;
  const standard = defaultSettings(agent.provider, agent.agent_type).cost_per_1k_tokens;
  const isOwn = target.provider in agent.provider;
  const set = agent.settings.cost_per_1k_tokens;
  const question = { provider: target.provider, model: target.model, promptTokens };
  const price = priceOf({ ...question, centsPer1k: isOwn && set !== standard ? set : null }, policy.prices);
  return { price, assumed: price ?? priceOf({ ...question, centsPer1k: set }, {}) };
};

/** One attempt with its caps: reserved before, settled after. */
const attemptWithinCaps = async (
  target: Target,
  key: string | null,
  asking: Asking,
  policy: Policy,
): Promise<{ outcome: Outcome; microcents: number | null }> => {
  const { charge, signal, tell } = asking;
  const request = {
    ...asking.request,
    max_tokens: Math.min(asking.request.max_tokens, target.maxTokens ?? Infinity),
  };
  const promptTokens = estimateRequestTokens(request);
  const { price, assumed } = pricingOf(target, charge, promptTokens, policy);
  const most = { ...noUsage, input: promptTokens, output: request.max_tokens };
  const day = new Date(policy.attempts.clock.now()).toISOString().slice(0, 10);
  const needed = { tokens: totalTokens(most), microcents: costOf(most, assumed) ?? 0 };
  const reservation = policy.caps.reserve(charge, day, needed);
  let outcome: Outcome;
  try {
    outcome = await attemptAnswer(
      {
        provider: await policy.providers(target.provider),
        to: target,
        key,
        request,
        timeoutMs: charge.agent.settings.timeout_seconds * 1000,
        signal,
        text: (text) => {
          tell({ type: "text", text });
        },
      },
      policy.attempts,
    );
  } catch (defect) {
    reservation.release();
    throw defect;
  }
  const microcents = costOf(outcome.usage, price);
  const assumedMicrocents = costOf(outcome.usage, assumed) ?? 0;
  await reservation.settle({ usage: outcome.usage, microcents, assumedMicrocents });
  return { outcome, microcents };
};

/** Asks one target until it answers, or until nothing that can be tried there would heal it. */
const askTarget = async (
  target: Target,
  asking: Asking,
  policy: Policy,
): Promise<ModelAnswer | ProviderFault> => {
  const { charge, signal, tell } = asking;
  const { clock } = policy.attempts;
  const provider = await policy.providers(target.provider);
  const keys = await orAborted(policy.credentials.keys(target.provider, target.keyReference), signal);
  if (provider.needsKey && keys.length === 0) return missingKey(target);
  const started = clock.now();
  let [keyNumber, retries] = [0, 0];
  for (;;) {
    if (signal.aborted) throw cancelled();
    const key = keys[keyNumber] ?? null;
    const { outcome, microcents } = await attemptWithinCaps(target, key, asking, policy);
    if ("answer" in outcome) {
      const { message, stop_reason } = outcome.answer;
      return {
        message,
        stop_reason,
        usage: outcome.usage,
        cost: dollarsOf(microcents),
        provider: target.provider,
        model: target.model,
        cached: false,
        duration_ms: clock.now() - started,
      };
    }
    if ("cancelled" in outcome) throw outcome.cancelled;
    const { fault, textShown } = outcome;
    if (textShown) tell({ type: "withdrawn" });
    if (fault.remedy === "nothing") throw fault.error;
    if (fault.remedy === "key" && keyNumber + 1 < keys.length) {
      keyNumber++;
      tellRetry(tell, target, fault, 0);
      continue;
    }
    if (fault.remedy !== "retry" || retries >= charge.agent.settings.max_retries) return fault;
    retries++;
    const wait = backOff(retries, fault.waitMs, policy.random);
    tellRetry(tell, target, fault, wait);
    await clock.wait(wait, signal);
  }
};

const tellRetry = (tell: Asking["tell"], target: Target, fault: ProviderFault, wait_ms: number): void => {
  const { provider, model } = target;
  tell({ type: "retry", provider, model, reason: fault.error.message, wait_ms });
};

/**
 * Asks the agent's provider, then those of its failover list in their order. When none answers, the
 * error is that of the first: it is the one the agent was made for.
 */
export const ask = async (asking: Asking, policy: Policy): Promise<ModelAnswer> => {
  let first: ProviderFault | null = null;
  let last: ProviderFault | null = null;
  for (const target of targetsOf(asking.charge, policy.endpoints)) {
    if (last !== null) tellRetry(asking.tell, target, last, 0);
    const result = await askTarget(target, asking, policy);
    if (!(result instanceof ProviderFault)) return result;
    last = result;
    first ??= result;
  }
  if (first === null) throw new RangeError("an agent has at least one provider");
  throw first.error;
};
