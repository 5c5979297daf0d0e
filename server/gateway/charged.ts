import { defaultSettings } from "../models/agent.ts";
import { attemptAnswer, type AttemptTools, type Outcome } from "./attempt.ts";
import type { Charge, GenerateOptions, ModelRequest } from "./gateway.ts";
import type { CapKeeper } from "./limits.ts";
import { answerLimit } from "./catalogue/catalogue.ts";
import type { Price } from "./catalogue/kept-prices.ts";
import { costOf, dollarsOf, priceOf, type PriceOverrides } from "./prices.ts";
import type { Provider } from "./providers/provider.ts";
import type { Rates } from "./rates.ts";
import type { Target } from "./targets.ts";
import { estimateRequestTokens, noUsage, totalTokens } from "./tokens.ts";
import { dayOf } from "./waiting.ts";

/** A request, who it belongs to, and who learns its cost. */
export interface Asking extends Required<Omit<GenerateOptions, "keep">> {
  request: ModelRequest;
  charge: Charge;
  /** Called when the cost of the answer is being recorded; the caller waits for it. */
  recording: (recorded: Promise<void>) => void;
}

/** The checks between an attempt and its bill. */
export interface Billing {
  caps: CapKeeper;
  rates: Rates;
  prices: PriceOverrides;
  attempts: AttemptTools;
}

interface Pricing {
  price: Price | null;
  /** What the caps count if the price is unknown. */
  assumed: Price | null;
}

const pricingOf = (
  target: Target,
  charge: Charge,
  promptTokens: number,
  at: number,
  overrides: PriceOverrides,
): Pricing => {
  const { agent } = charge;
  const standard = defaultSettings(agent.provider, agent.agent_type).cost_per_1k_tokens;
  const isOwn = target.provider in agent.provider;
  const set = agent.settings.cost_per_1k_tokens;
  const question = { provider: target.provider, model: target.model, promptTokens, at };
  const price = priceOf({ ...question, centsPer1k: isOwn && set !== standard ? set : null }, overrides);
  return { price, assumed: price ?? priceOf({ ...question, centsPer1k: set }, {}) };
};

/**
 * One attempt, paid for: its maximum is reserved before, its real usage recorded after. For an answer
 * that may still be streaming when this resolves.
 */
export const attemptCharged = async (
  target: Target,
  provider: Provider,
  key: string | null,
  asking: Asking,
  billing: Billing,
): Promise<{ outcome: Outcome; microcents: number | null }> => {
  const { charge, signal, ready, tell } = asking;
  const { clock } = billing.attempts;
  const max_tokens = answerLimit(target, asking.request);
  const request = { ...asking.request, max_tokens };
  const promptTokens = estimateRequestTokens(request);
  const most = { ...noUsage, input: promptTokens, output: max_tokens };
  const timeoutMs = charge.agent.settings.timeout_seconds * 1000;
  const { price, assumed } = pricingOf(target, charge, promptTokens, clock.now(), billing.prices);

  await billing.rates.enter(target.provider, totalTokens(most), {
    patienceMs: timeoutMs,
    signal,
    onWait: (wait_ms) => {
      const reason = "the limit per minute that is set here";
      tell({ type: "retry", provider: target.provider, model: target.model, reason, wait_ms });
    },
  });
  const day = dayOf(clock.now());
  const needed = { tokens: totalTokens(most), microcents: costOf(most, assumed) ?? 0 };
  const reservation = billing.caps.reserve(charge, day, needed);
  let outcome: Outcome;
  try {
    const text = (piece: string): void => {
      tell({ type: "text", text: piece });
    };
    const withdraw = (): void => {
      tell({ type: "withdrawn" });
    };
    outcome = await attemptAnswer(
      {
        provider,
        to: target,
        key,
        request,
        execution: charge.execution_id,
        timeoutMs,
        signal,
        ready,
        text,
        withdraw,
      },
      billing.attempts,
    );
  } catch (defect) {
    reservation.release();
    throw defect;
  }
  const microcents = costOf(outcome.usage, price);
  const assumedMicrocents = costOf(outcome.usage, assumed) ?? 0;
  const { usage } = outcome;
  const recorded = reservation.settle({ usage, microcents, assumedMicrocents });
  if ("answer" in outcome) {
    asking.recording(recorded);
    return { outcome, microcents };
  }
  await recorded;
  if (totalTokens(usage) > 0) {
    const { message: reason } = "fault" in outcome ? outcome.fault : outcome.cancelled;
    const { provider: name, model } = target;
    await asking.spent({ usage, cost: dollarsOf(microcents), provider: name, model, reason });
  }
  return { outcome, microcents };
};
