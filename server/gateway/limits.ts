import type { Limits } from "../../schemas/agent.ts";
import { fail } from "../../schemas/errors.ts";
import type { TokenUsage } from "../../schemas/messages.ts";
import type { Charge, UsageLedger, UsageScope } from "./gateway.ts";
import { MICROCENTS_PER_DOLLAR } from "../../schemas/money.ts";
import type { Amount } from "./amount.ts";
import type { TenantUse } from "./tenant-use.ts";
import { totalTokens } from "./tokens.ts";

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

/** What a cap applies to. */
interface Capped {
  tokens: keyof Limits;
  cost: keyof Limits;
  limits: Limits;
  /** The place where its caps are set, as a prefix of the cap's name. */
  setting: string;
}

interface Scope extends Capped {
  /** The owner of the reservation; no two scopes of a call share one. */
  key: string;
  used: UsageScope;
}

const dayKey = (day: string): string => `day ${day}`;

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
        key: `${dayKey(day)}${mark}`,
        tokens: "tokens_per_day",
        cost: "cost_per_day",
        used: { day, agent_id: whose },
      },
    ];
  };
  const own = agent.settings.limits;
  return [...over(limits, null), ...(own === null ? [] : over(own, agent_id))];
};

/** The error if the amount that is taken and what is needed exceed a cap. */
const checkCaps = ({ limits, setting, ...names }: Capped, taken: Amount, needed: Amount): void => {
  const tokenCap = limits[names.tokens];
  const costCap = limits[names.cost];
  if (tokenCap !== null && taken.tokens + needed.tokens > tokenCap)
    throw fail("limit_reached", {
      limit: names.tokens,
      value: `${tokenCap} tokens`,
      used: `${taken.tokens} tokens`,
      needed: `${needed.tokens} tokens`,
      setting: setting + names.tokens,
    });
  if (costCap !== null && taken.microcents + needed.microcents > costCap * MICROCENTS_PER_DOLLAR)
    throw fail("limit_reached", {
      limit: names.cost,
      value: `$${costCap}`,
      used: dollars(taken.microcents),
      needed: dollars(needed.microcents),
      setting: setting + names.cost,
    });
};

/** The caps of one workspace. With a tenant, the caps of the day also apply to the sum of its workspaces. */
export interface CappedWorkspace {
  tenant: TenantUse;
  /** Names the workspace to its tenant. */
  stateFolder: string;
}

export const keepCaps = (ledger: UsageLedger, of?: CappedWorkspace): CapKeeper => {
  const held = new Map<string, Amount>();
  const change = (key: string, tokens: number, microcents: number): void => {
    const now = held.get(key) ?? { tokens: 0, microcents: 0 };
    const next = { tokens: now.tokens + tokens, microcents: now.microcents + microcents };
    if (next.tokens === 0 && next.microcents === 0) held.delete(key);
    else held.set(key, next);
  };

  const taken = ({ key, used }: Pick<Scope, "key" | "used">): Amount => {
    const holding = held.get(key) ?? { tokens: 0, microcents: 0 };
    const { tokens, cost_microcents } = ledger.used(used);
    return { tokens: tokens + holding.tokens, microcents: cost_microcents + holding.microcents };
  };
  of?.tenant.join(of.stateFolder, (day) => taken({ key: dayKey(day), used: { day, agent_id: null } }));

  const isCapped = ({ limits, ...names }: Capped): boolean =>
    limits[names.tokens] !== null || limits[names.cost] !== null;
  const checkTenant = (tenant: TenantUse, day: string, needed: Amount): void => {
    const { limits } = tenant;
    const setting = "the tenant's limits.";
    const capped: Capped = { tokens: "tokens_per_day", cost: "cost_per_day", limits, setting };
    if (isCapped(capped)) checkCaps(capped, tenant.taken(day), needed);
  };

  return {
    reserve: (charge, day, needed) => {
      const scopes = scopesOf(charge, day);
      // The sum of a day is calculated only if it is needed.
      for (const scope of scopes) if (isCapped(scope)) checkCaps(scope, taken(scope), needed);
      if (of !== undefined) checkTenant(of.tenant, day, needed);
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
