import type { Limits } from "../../schemas/agent.ts";
import { fail } from "../../schemas/errors.ts";
import type { TokenUsage } from "../../schemas/messages.ts";
import type { Charge, UsageLedger } from "./gateway.ts";
import { MICROCENTS_PER_DOLLAR } from "../../schemas/run.ts";
import { totalTokens } from "./tokens.ts";

/** Tokens and micro-cents, spent or about to be. */
export interface Amount {
  tokens: number;
  microcents: number;
}

/** What a call may need at most, held back until it is known what it took. */
export interface Reservation {
  /**
   * Records what the call took and gives back the rest. `microcents: null`: its price is unknown;
   * the caps count it at `assumedMicrocents`.
   */
  settle(spent: { usage: TokenUsage; microcents: number | null; assumedMicrocents: number }): Promise<void>;
  /** Gives everything back: nothing was sent. */
  release(): void;
}

/** The caps of the documents' "Resource Limits", over everything that is running at once. */
export interface CapKeeper {
  /** Throws `limit_reached` if a cap could be passed, counting what other calls hold back. */
  reserve(charge: Charge, day: string, needed: Amount): Reservation;
}

/** For each cap the smallest of those that are set. */
export const strictest = (...sets: readonly (Limits | null)[]): Limits => {
  const smallest = (name: keyof Limits): number | null => {
    const values = sets.flatMap((limits) => limits?.[name] ?? []);
    return values.length === 0 ? null : Math.min(...values);
  };
  return {
    tokens_per_execution: smallest("tokens_per_execution"),
    tokens_per_run: smallest("tokens_per_run"),
    tokens_per_day: smallest("tokens_per_day"),
    cost_per_execution: smallest("cost_per_execution"),
    cost_per_run: smallest("cost_per_run"),
    cost_per_day: smallest("cost_per_day"),
  };
};

const dollars = (microcents: number): string => `$${(microcents / MICROCENTS_PER_DOLLAR).toFixed(4)}`;

interface Scope {
  key: string;
  tokens: keyof Limits;
  cost: keyof Limits;
  used: Amount;
}

export const keepCaps = (ledger: UsageLedger): CapKeeper => {
  const held = new Map<string, Amount>();
  const change = (key: string, tokens: number, microcents: number): void => {
    const now = held.get(key) ?? { tokens: 0, microcents: 0 };
    const next = { tokens: now.tokens + tokens, microcents: now.microcents + microcents };
    if (next.tokens === 0 && next.microcents === 0) held.delete(key);
    else held.set(key, next);
  };

  const scopesOf = ({ execution_id, task_id }: Charge, day: string): Scope[] => {
    const used = (scope: Parameters<UsageLedger["used"]>[0]): Amount => {
      const { tokens, cost_microcents } = ledger.used(scope);
      return { tokens, microcents: cost_microcents };
    };
    return [
      {
        key: `execution ${execution_id}`,
        tokens: "tokens_per_execution",
        cost: "cost_per_execution",
        used: used({ execution_id }),
      },
      { key: `run ${task_id}`, tokens: "tokens_per_run", cost: "cost_per_run", used: used({ task_id }) },
      { key: `day ${day}`, tokens: "tokens_per_day", cost: "cost_per_day", used: used({ day }) },
    ];
  };

  const check = (scope: Scope, limits: Limits, needed: Amount): void => {
    const holding = held.get(scope.key) ?? { tokens: 0, microcents: 0 };
    const tokenCap = limits[scope.tokens];
    const tokens = scope.used.tokens + holding.tokens;
    if (tokenCap !== null && tokens + needed.tokens > tokenCap)
      throw fail("limit_reached", {
        limit: scope.tokens,
        value: `${tokenCap} tokens`,
        used: `${tokens} tokens`,
        needed: `${needed.tokens} tokens`,
        setting: `limits.${scope.tokens}`,
      });
    const costCap = limits[scope.cost];
    const microcents = scope.used.microcents + holding.microcents;
    if (costCap !== null && microcents + needed.microcents > costCap * MICROCENTS_PER_DOLLAR)
      throw fail("limit_reached", {
        limit: scope.cost,
        value: `$${costCap}`,
        used: dollars(microcents),
        needed: dollars(needed.microcents),
        setting: `limits.${scope.cost}`,
      });
  };

  return {
    reserve(charge, day, needed) {
      const scopes = scopesOf(charge, day);
      for (const scope of scopes) check(scope, charge.limits, needed);
      for (const { key } of scopes) change(key, needed.tokens, needed.microcents);
      const release = (): void => {
        for (const { key } of scopes) change(key, -needed.tokens, -needed.microcents);
      };
      return {
        async settle({ usage, microcents, assumedMicrocents }) {
          const { execution_id, task_id } = charge;
          const cost = { cost_microcents: microcents, assumed_microcents: assumedMicrocents };
          try {
            if (totalTokens(usage) > 0) await ledger.record({ execution_id, task_id, day, usage, ...cost });
          } finally {
            release();
          }
        },
        release,
      };
    },
  };
};
