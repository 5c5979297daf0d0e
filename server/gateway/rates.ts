import type { ProviderName } from "../../schemas/agent.ts";
import { fail } from "../../schemas/errors.ts";
import type { Clock } from "./waiting.ts";

/** The user's caps per provider and minute; null: none. */
export interface RateCaps {
  requests_per_minute: number | null;
  tokens_per_minute: number | null;
}

const MINUTE_MS = 60_000;

/** A slot in the last or the coming minute. */
interface Slot {
  at: number;
  tokens: number;
}

/** Spreads calls so that no 60 seconds hold more than the caps allow. */
export interface Rates {
  /**
   * Waits for a slot, first come, first served. Throws `rate_limited` if there is none within
   * `patienceMs`, or if the call alone is larger than the cap.
   */
  enter(
    provider: ProviderName,
    tokens: number,
    options: { patienceMs: number; signal: AbortSignal; onWait: (ms: number) => void },
  ): Promise<void>;
}

/** A slot of each of these is needed for a call. It is sent at the time of the last one, which must be the strictest. */
export const allRates = (each: readonly Rates[], clock: Clock): Rates => ({
  enter: async (provider, tokens, { patienceMs, ...options }) => {
    const end = clock.elapsed() + patienceMs;
    for (const rates of each)
      await rates.enter(provider, tokens, { ...options, patienceMs: Math.max(0, end - clock.elapsed()) });
  },
});

/** The first moment from `now` on at which a call of that many tokens fits. */
const firstFit = (slots: readonly Slot[], tokens: number, caps: RateCaps, now: number): number => {
  const { requests_per_minute: requests, tokens_per_minute: most } = caps;
  // Slots are given in order: nobody overtakes an earlier caller.
  let at = Math.max(now, slots.at(-1)?.at ?? now);
  if (requests !== null) {
    const before = slots.at(-requests);
    if (before !== undefined) at = Math.max(at, before.at + MINUTE_MS);
  }
  if (most === null) return at;
  let sum = tokens;
  for (const slot of slots.toReversed()) {
    sum += slot.tokens;
    if (sum > most) return Math.max(at, slot.at + MINUTE_MS);
  }
  return at;
};

/** @param caps are read for each call, so they may change. */
export const keepRates = (caps: RateCaps, clock: Clock): Rates => {
  const slots = new Map<ProviderName, Slot[]>();

  const refuse = (provider: ProviderName, tokens: number): Error => {
    const { requests_per_minute: requests, tokens_per_minute: most } = caps;
    const byTokens = most !== null && (tokens > most || requests === null);
    const limit = byTokens ? `${most} tokens per minute` : `${requests ?? 0} requests per minute`;
    const setting = byTokens ? "tokens_per_minute" : "requests_per_minute";
    return fail("rate_limited", { limit, provider, setting });
  };

  return {
    enter: async (provider, tokens, { patienceMs, signal, onWait }) => {
      const most = caps.tokens_per_minute;
      if (caps.requests_per_minute === null && most === null) return;
      const now = clock.elapsed();
      const taken = (slots.get(provider) ?? []).filter(({ at }) => at > now - MINUTE_MS);
      slots.set(provider, taken);
      const at = firstFit(taken, tokens, caps, now);
      if ((most !== null && tokens > most) || at - now > patienceMs) throw refuse(provider, tokens);
      const slot = { at, tokens };
      taken.push(slot);
      if (at <= now) return;
      onWait(at - now);
      try {
        await clock.wait(at - now, signal);
      } catch (error) {
        const current = slots.get(provider) ?? [];
        slots.set(
          provider,
          current.filter((other) => other !== slot),
        );
        throw error;
      }
    },
  };
};
