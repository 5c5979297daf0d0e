import type { Outcome } from "./attempt.ts";
import { attemptCharged, type Asking, type Billing } from "./charged.ts";
import { circuitOf, type Circuits } from "./circuits.ts";
import { circuitOpen, missingKey, ProviderFault } from "./faults.ts";
import type { Credentials, ModelAnswer } from "./gateway.ts";
import { dollarsOf } from "./prices.ts";
import type { Providers } from "./providers.ts";
import { targetsOf, type Endpoints, type Target } from "./targets.ts";
import { backOff, cancelled, LONGEST_WAIT_MS, orAborted } from "./waiting.ts";

/** Everything that stands between a request and a provider. */
export interface Policy extends Billing {
  providers: Providers;
  endpoints: Endpoints;
  credentials: Credentials;
  circuits: Circuits;
  /** Marks of keys that were not accepted: they are tried last. */
  rejectedKeys: Set<string>;
  random: () => number;
}

const tellRetry = (tell: Asking["tell"], target: Target, fault: ProviderFault, wait_ms: number): void => {
  const { provider, model } = target;
  tell({ type: "retry", provider, model, reason: fault.error.message, wait_ms });
};

const weatherOf = (outcome: Outcome): "sound" | "outage" | "untold" => {
  if ("cancelled" in outcome) return "untold";
  return "fault" in outcome && outcome.fault.outage ? "outage" : "sound";
};

/** The keys of a target, those that were not accepted the last time behind the others. */
const keysFor = async (target: Target, { signal }: Asking, policy: Policy): Promise<(string | null)[]> => {
  const { needsKey } = await policy.providers(target.provider);
  const keys = await orAborted(policy.credentials.keys(target.provider, target.keyReference), signal);
  if (keys.length === 0) return needsKey ? [] : [null];
  const isRejected = (key: string): boolean => policy.rejectedKeys.has(circuitOf(target, key));
  return [...keys.filter((key) => !isRejected(key)), ...keys.filter(isRejected)];
};

/** Asks one target until it answers, or until nothing that can be tried there would heal it. */
const askTarget = async (
  target: Target,
  asking: Asking,
  policy: Policy,
  hasNext: boolean,
): Promise<ModelAnswer | ProviderFault> => {
  const { charge, signal, tell } = asking;
  const { clock } = policy.attempts;
  const provider = await policy.providers(target.provider);
  const keys = await keysFor(target, asking, policy);
  if (keys.length === 0) return missingKey(target);
  const started = clock.now();
  const mostRetries = charge.agent.settings.max_retries;
  let [keyNumber, retries] = [0, 0];
  for (;;) {
    if (signal.aborted) throw cancelled();
    const key = keys[keyNumber] ?? null;
    const circuit = circuitOf(target, key);
    const closedFor = policy.circuits.admit(circuit);
    if (closedFor > 0) {
      const fault = circuitOpen(target, closedFor);
      if (hasNext || retries >= mostRetries) return fault;
      retries++;
      const wait = Math.min(LONGEST_WAIT_MS, closedFor);
      tellRetry(tell, target, fault, wait);
      await clock.wait(wait, signal);
      continue;
    }
    let outcome: Outcome | null = null;
    let microcents: number | null;
    try {
      ({ outcome, microcents } = await attemptCharged(target, provider, key, asking, policy));
    } finally {
      policy.circuits.report(circuit, outcome === null ? "untold" : weatherOf(outcome));
    }
    if ("cancelled" in outcome) throw outcome.cancelled;
    if ("answer" in outcome) {
      policy.rejectedKeys.delete(circuit);
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
    const { fault, textShown } = outcome;
    if (textShown) tell({ type: "withdrawn" });
    if (fault.remedy === "nothing") throw fault.error;
    if (fault.remedy === "key") policy.rejectedKeys.add(circuit);
    if (fault.remedy === "key" && keyNumber + 1 < keys.length) {
      keyNumber++;
      tellRetry(tell, target, fault, 0);
      continue;
    }
    if (fault.remedy !== "retry" || retries >= mostRetries) return fault;
    retries++;
    const wait = backOff(retries, fault.waitMs, policy.random);
    tellRetry(tell, target, fault, wait);
    await clock.wait(wait, signal);
  }
};

/**
 * Asks the agent's provider, then those of its failover list in their order. When none answers, the
 * error is that of the first: it is the one the agent was made for.
 */
export const ask = async (asking: Asking, policy: Policy): Promise<ModelAnswer> => {
  const targets = targetsOf(asking.charge, policy.endpoints);
  let first: ProviderFault | null = null;
  let last: ProviderFault | null = null;
  for (const [index, target] of targets.entries()) {
    if (last !== null) tellRetry(asking.tell, target, last, 0);
    const result = await askTarget(target, asking, policy, index + 1 < targets.length);
    if (!(result instanceof ProviderFault)) return result;
    last = result;
    first ??= result;
  }
  if (first === null) throw new RangeError("an agent has at least one provider");
  throw first.error;
};
