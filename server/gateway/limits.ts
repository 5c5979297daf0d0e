import type { Limits } from "../../schemas/agent.ts";
import { fail } from "../../schemas/errors.ts";
import type { TokenUsage } from "../../schemas/messages.ts";
import type { Charge, UsageLedger, UsageScope } from "./gateway.ts";
import { MICROCENTS_PER_DOLLAR } from "../../schemas/money.ts";
import { totalTokens } from "./tokens.ts";

/** Tokens and micro-cents, spent or reserved. */
export interface Amount {
  tokens: number;
  microcents: number;
}

/** The most that a call may use, reserved until its real usage is known. */
export interface Reservation {
  /**
   * Records what the call used and releases the rest. `microcents: null`: the price is unknown; the caps
   * count the call at `assumedMicrocents`.
   */
  settle(spent: { usage: TokenUsage; microcents: number | null; assumedMicrocents: number }): Promise<void>;
  /** Releases everything: nothing was sent. */
  release(): void;
}

/** The caps of the documents' "Resource Limits", over everything that runs at the same time. */
export interface CapKeeper {
  /** Throws `limit_reached` if a cap could be exceeded, counting the reservations of other calls. */
  reserve(charge: Charge, day: string, needed: Amount): Reservation;
}

/** For each cap, the smallest value that is set. */
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
  /** The owner of the reservation; no two scopes of a call share one. */
  key: string;
  tokens: keyof Limits;
  cost: keyof Limits;
  limits: Limits;
  used: UsageScope;
  /** The place where its caps are set, as a prefix of the cap's name. */
  setting: string;
}

/** What a call counts against: its run's caps on all agents, and its agent's own caps on that one. */
const scopesOf = ({ execution_id, task_id, agent, limits }: Charge, day: string): Scope[] => {
  const { agent_id, name } = agent;
  const over = (caps: Limits, whose: string | null): Scope[] => {
    const mark = whose === null ? "" : ` ${whose}`;
    const setting = whose === null ? "limits." : `the limits of ${name}: `;
    const shared = { limits: caps, setting };
    return [
      {
        ...shared,
        key: `execution ${execution_id}${mark}`,
        tokens: "tokens_per_execution",
        cost: "cost_per_execution",
        used: { execution_id },
      },
      {
        ...shared,
        key: `run ${task_id}${mark}`,
        tokens: "tokens_per_run",
        cost: "cost_per_run",
        used: { task_id, agent_id: whose },
      },
      {
        ...shared,
        key: `day ${day}${mark}`,
        tokens: "tokens_per_day",
        cost: "cost_per_day",
        used: { day, agent_id: whose },
      },
    ];
  };
  const own = agent.settings.limits;
  return [...over(limits, null), ...(own === null ? [] : over(own, agent_id))];
};

export const keepCaps = (ledger: UsageLedger): CapKeeper => {
  const held = new Map<string, Amount>();
  const change = (key: string, tokens: number, microcents: number): void => {
    const now = held.get(key) ?? { tokens: 0, microcents: 0 };
    const next = { tokens: now.tokens + tokens, microcents: now.microcents + microcents };
    if (next.tokens === 0 && next.microcents === 0) held.delete(key);
    else held.set(key, next);
  };

  const check = (scope: Scope, needed: Amount): void => {
    const tokenCap = scope.limits[scope.tokens];
    const costCap = scope.limits[scope.cost];
    // The sum of a day is calculated each time it is needed.
    if (tokenCap === null && costCap === null) return;
    const holding = held.get(scope.key) ?? { tokens: 0, microcents: 0 };
    const used = ledger.used(scope.used);
    const tokens = used.tokens + holding.tokens;
    if (tokenCap !== null && tokens + needed.tokens > tokenCap)
      throw fail("limit_reached", {
        limit: scope.tokens,
        value: `${tokenCap} tokens`,
        used: `${tokens} tokens`,
        needed: `${needed.tokens} tokens`,
        setting: scope.setting + scope.tokens,
      });
    const microcents = used.cost_microcents + holding.microcents;
    if (costCap !== null && microcents + needed.microcents > costCap * MICROCENTS_PER_DOLLAR)
      throw fail("limit_reached", {
        limit: scope.cost,
        value: `$${costCap}`,
        used: dollars(microcents),
        needed: dollars(needed.microcents),
        setting: scope.setting + scope.cost,
      });
  };

  return {
    reserve: (charge, day, needed) => {
      const scopes = scopesOf(charge, day);
      for (const scope of scopes) check(scope, needed);
      for (const { key } of scopes) change(key, needed.tokens, needed.microcents);
      const release = (): void => {
        for (const { key } of scopes) change(key, -needed.tokens, -needed.microcents);
      };
      return {
        settle: async ({ usage, microcents, assumedMicrocents }) => {
          const { execution_id, task_id, agent } = charge;
          const whose = { execution_id, task_id, agent_id: agent.agent_id };
          const cost = { cost_microcents: microcents, assumed_microcents: assumedMicrocents };
          try {
            if (totalTokens(usage) > 0) await ledger.record({ ...whose, day, usage, ...cost });
          } finally {
            release();
          }
        },
        release,
      };
    },
  };
};
