import { CoditectError } from "../../schemas/errors.ts";
import type { Outcome } from "./attempt.ts";
import { attemptCharged, type Asking, type Billing } from "./charged.ts";
import { circuitOf, type CallOutcome, type Circuits } from "./circuits.ts";
import { circuitOpen, effortRefused, missingKey, ProviderFault } from "./faults.ts";
import { ContinuedAnswer, type AnswerPart, type WholeAnswer } from "./continued.ts";
import type { Message } from "../../schemas/messages.ts";
import type { ModelAnswer } from "./gateway.ts";
import type { KeysOf } from "./keys.ts";
import { dollarsOf } from "./prices.ts";
import type { Providers } from "./providers.ts";
import { targetsOf, type Endpoints, type Target } from "./targets.ts";
import { backOff, cancelled, LONGEST_WAIT_MS, orAborted } from "./waiting.ts";

/** The steps between a request and a provider. */
export interface Policy extends Billing {
  providers: Providers;
  endpoints: Endpoints;
  keysOf: KeysOf;
  circuits: Circuits;
  /** Circuits whose key was not accepted: they are tried last. */
  rejectedKeys: Set<string>;
  random: () => number;
}

const tellRetry = (tell: Asking["tell"], target: Target, fault: ProviderFault, wait_ms: number): void => {
  const { provider, model } = target;
  tell({ type: "retry", provider, model, reason: fault.error.message, wait_ms });
};

/** The keys of a target. Those that were refused the last time come last. */
const keysFor = async (
  target: Target,
  { signal }: Asking,
  policy: Policy,
): Promise<(string | null)[] | ProviderFault> => {
  const { needsKey } = await policy.providers(target.provider);
  let keys: readonly string[];
  try {
    keys = await orAborted(policy.keysOf(target), signal);
  } catch (error) {
    // A key that cannot be read or used concerns only this provider.
    if (signal.aborted || !(error instanceof CoditectError)) throw error;
    return new ProviderFault(error, "provider");
  }
  if (keys.length === 0) return needsKey ? [] : [null];
  const isRejected = (key: string): boolean => policy.rejectedKeys.has(circuitOf(target, key));
  return [...keys.filter((key) => !isRejected(key)), ...keys.filter(isRejected)];
};

const callOutcome = (outcome: Outcome | null): CallOutcome => {
  if (outcome === null || "cancelled" in outcome) return "unknown";
  return "fault" in outcome && outcome.fault.outage ? { outage: outcome.fault.error } : "healthy";
};

/** One attempt with one key, if its circuit breaker allows it. */
const attemptOnce = async (
  target: Target,
  key: string | null,
  asking: Asking,
  policy: Policy,
  hasNext: boolean,
): Promise<AnswerPart | ProviderFault> => {
  if (asking.signal.aborted) throw cancelled();
  const circuit = circuitOf(target, key);
  const open = policy.circuits.admit(circuit);
  if (open !== null) return circuitOpen(target, open, hasNext ? "provider" : "retry");
  const provider = await policy.providers(target.provider);
  let outcome: Outcome | null = null;
  let microcents: number | null;
  try {
    ({ outcome, microcents } = await attemptCharged(target, provider, key, asking, policy));
  } finally {
    policy.circuits.report(circuit, callOutcome(outcome));
  }
  if ("cancelled" in outcome) throw outcome.cancelled;
  if ("fault" in outcome) {
    if (outcome.textShown) asking.tell({ type: "withdrawn" });
    if (outcome.fault.remedy === "key") policy.rejectedKeys.add(circuit);
    return outcome.fault;
  }
  policy.rejectedKeys.delete(circuit);
  const { message, stop_reason } = outcome.answer;
  const { provider: name, model } = target;
  const cost = dollarsOf(microcents);
  return { message, stop_reason, usage: outcome.usage, cost, provider: name, model, cached: false };
};

/** The request with a message to the model at its end. */
const withWord = (asking: Asking, text: string): Asking => {
  const { request } = asking;
  const last = request.messages.at(-1);
  const word = { type: "text" as const, text };
  const messages: Message[] =
    last?.role === "user"
      ? [...request.messages.slice(0, -1), { ...last, content: [...last.content, word] }]
      : [...request.messages, { role: "user", content: [word] }];
  return { ...asking, request: { ...request, messages } };
};

/** Asks one target for all parts of its answer, and repeats what a retry or another key can fix. */
const askForParts = async (
  target: Target,
  asking: Asking,
  answer: ContinuedAnswer,
  policy: Policy,
  hasNext: boolean,
): Promise<WholeAnswer | ProviderFault> => {
  const { charge, signal, tell } = asking;
  const { clock } = policy.attempts;
  const keys = await keysFor(target, asking, policy);
  if (keys instanceof ProviderFault) return keys;
  let [keyNumber, retries] = [0, 0];
  let asked = asking;
  for (;;) {
    const key = keys[keyNumber];
    if (key === undefined) return missingKey(target);
    const result = await attemptOnce(target, key, asked, policy, hasNext);
    if (!(result instanceof ProviderFault)) {
      const whole = answer.add(result);
      if (whole !== null) return whole;
      asked = answer.asking;
      continue;
    }
    if (result.remedy === "nothing") throw result.error;
    if (result.remedy === "key" && keyNumber + 1 < keys.length) {
      keyNumber++;
      tellRetry(tell, target, result, 0);
      continue;
    }
    // Another provider answers sooner than one that asks for a long pause.
    const isLong = hasNext && (result.waitMs ?? 0) > LONGEST_WAIT_MS;
    if (result.remedy !== "retry" || retries >= charge.agent.settings.max_retries || isLong) return result;
    retries++;
    asked = result.word === null ? answer.asking : withWord(answer.asking, result.word);
    const wait = backOff(retries, result.waitMs, policy.random);
    tellRetry(tell, target, result, wait);
    await clock.wait(wait, signal);
  }
};

/** Asks one target until its answer is complete; a part that it never finishes is paid for and discarded. */
const askTarget = async (
  target: Target,
  asking: Asking,
  policy: Policy,
  hasNext: boolean,
): Promise<ModelAnswer | ProviderFault> => {
  const refused = effortRefused(target, asking.request.effort);
  if (refused !== null) return refused;
  const { clock } = policy.attempts;
  const started = clock.elapsed();
  const answer = new ContinuedAnswer(target, asking);
  try {
    const result = await askForParts(target, asking, answer, policy, hasNext);
    if (!(result instanceof ProviderFault))
      return { ...result, duration_ms: Math.round(clock.elapsed() - started) };
    await answer.abandon(result.error.message);
    return result;
  } catch (error) {
    await answer.abandon(error instanceof Error ? error.message : String(error));
    throw error;
  }
};

/**
 * Asks the agent's provider, then those of its failover list in order. If none answers, the error is
 * that of the first one, because the agent was made for it.
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
