import { CoditectError } from "../../schemas/errors.ts";
import type { AgentExecution } from "../../schemas/execution.ts";
import { MICROCENTS_PER_DOLLAR } from "../../schemas/money.ts";
import type { DailyUsage } from "../../schemas/run.ts";
import type { TranscriptEntry } from "../../schemas/transcript.ts";
import { estimateCost } from "../models/agent.ts";
import { isFinished, totalTokens } from "../models/execution.ts";
import type { UsageLedger } from "../gateway/gateway.ts";
import { totalTokens as tokensOf } from "../gateway/tokens.ts";
import { recordMetrics } from "../metrics/record.ts";
import type { Store, Transaction } from "../store/store.ts";
import { addDays, dayOfCall, wholeDay } from "./day-usage.ts";

interface Used {
  tokens: number;
  cost_microcents: number;
}

const nothing: Used = { tokens: 0, cost_microcents: 0 };

/**
 * Usage by execution, run and day. The transcript of a running execution contains its usage line by line, so
 * it is not stored again until the commit that ends the execution adds it to the sums of its days. A call
 * therefore costs no write other than the one that stores its answer.
 */
export interface Ledger extends UsageLedger {
  /** What the tenant used on a day (UTC, `2026-01-31`), up to now. */
  on: (day: string) => DailyUsage;
  /** Counts the usage of an unfinished execution of an earlier runtime. Does nothing if it is already counted. */
  recall(execution: AgentExecution, entries: readonly TranscriptEntry[]): void;
  /** Recalls every execution that may have asked a model today. */
  recover(now: string): Promise<void>;
  /**
   * Adds what an execution used, and how it ended, to the sums of its days. Call this in the commit that ends
   * the execution, after the execution itself was put.
   */
  settle(transaction: Transaction, executionId: string): void;
}

/** An execution that began earlier than this cannot have asked a model today, given its deadline. */
const DAY_MS = 86_400_000;

/** The cost that is assumed for tokens whose price is unknown. */
const assumedMicrocents = (store: Store, agentId: string, tokens: number): number => {
  const agent = store.get("agents", agentId);
  return agent === null ? 0 : Math.round((estimateCost(agent, tokens) / 100) * MICROCENTS_PER_DOLLAR);
};

/** What an earlier execution counts towards the caps: its cost, or the assumed cost of its tokens. */
const usedBefore = (store: Store, id: string): Used => {
  const execution = store.get("executions", id);
  if (execution === null) return { ...nothing };
  const { resource_usage: usage, metadata } = execution;
  const tokens = totalTokens(usage);
  const cost_microcents =
    usage.cost === null
      ? assumedMicrocents(store, metadata.agent_id, tokens)
      : Math.round(usage.cost * MICROCENTS_PER_DOLLAR);
  return { tokens, cost_microcents };
};

/** The usage in a transcript, by day. Entries before the prompt were stored when they were paid. */
const daysOf = (
  store: Store,
  { metadata: { agent_id } }: AgentExecution,
  entries: readonly TranscriptEntry[],
): Map<string, DailyUsage> => {
  const days = new Map<string, DailyUsage>();
  const prompt = entries.findIndex(({ type }) => type === "prompt");
  for (const entry of prompt === -1 ? [] : entries.slice(prompt)) {
    if ((entry.type !== "answer" || entry.cached) && entry.type !== "spent") continue;
    const day = entry.at.slice(0, 10);
    const tokens = tokensOf(entry.usage);
    const call = dayOfCall(store.tenantId, day, {
      agent_id,
      tokens,
      cost_microcents: entry.cost === null ? null : Math.round(entry.cost * MICROCENTS_PER_DOLLAR),
      assumed_microcents: assumedMicrocents(store, agent_id, tokens),
    });
    const known = days.get(day);
    days.set(day, known === undefined ? call : addDays(known, call));
  }
  return days;
};

/** The transcript of an execution. A damaged one counts as empty; only resuming the execution fails. */
const readable = async (store: Store, executionId: string): Promise<TranscriptEntry[]> => {
  try {
    return await store.transcripts.read(executionId);
  } catch (error) {
    if (error instanceof CoditectError && error.code === "state_damaged") return [];
    throw error;
  }
};

/** Keeps the usage of running executions and runs. When one resumes, it reads the usage from the store. */
export const createLedger = (store: Store): Ledger => {
  const executions = new Map<string, Used>();
  const runs = new Map<string, Used>();
  /** The usage of unfinished executions, by execution and day. */
  const atWork = new Map<string, Map<string, DailyUsage>>();

  const ofExecution = (id: string): Used => {
    const known = executions.get(id);
    if (known !== undefined) return known;
    const used = usedBefore(store, id);
    executions.set(id, used);
    return used;
  };

  const ofRun = (taskId: string, agentId: string | null): Used => {
    const key = `${taskId} ${agentId ?? ""}`;
    const known = runs.get(key);
    if (known !== undefined) return known;
    const used = { ...nothing };
    for (const { execution_id, metadata } of store.all("executions", { task_id: taskId })) {
      if (agentId !== null && metadata.agent_id !== agentId) continue;
      const execution = ofExecution(execution_id);
      used.tokens += execution.tokens;
      used.cost_microcents += execution.cost_microcents;
    }
    runs.set(key, used);
    return used;
  };

  const on = (day: string): DailyUsage => {
    const parts = [...atWork.values()].flatMap((days) => days.get(day) ?? []);
    return parts.reduce(addDays, wholeDay(store.tenantId, day, store.get("dailyUsage", day)));
  };

  const addStored = (transaction: Transaction, used: DailyUsage): void => {
    const stored = wholeDay(store.tenantId, used.day, transaction.get("dailyUsage", used.day));
    transaction.put("dailyUsage", addDays(stored, used));
  };

  const recall: Ledger["recall"] = (execution, entries) => {
    const { execution_id } = execution;
    if (!atWork.has(execution_id)) atWork.set(execution_id, daysOf(store, execution, entries));
  };

  return {
    used: (scope) => {
      if ("execution_id" in scope) return ofExecution(scope.execution_id);
      const { agent_id } = scope;
      if ("task_id" in scope) return ofRun(scope.task_id, agent_id);
      const { tokens, cost_microcents, assumed_microcents, by_agent } = on(scope.day);
      if (agent_id !== null) return by_agent[agent_id] ?? nothing;
      return { tokens, cost_microcents: cost_microcents + assumed_microcents };
    },
    record: async ({ execution_id, task_id, agent_id, day, usage, ...cost }) => {
      const spending = { agent_id, tokens: tokensOf(usage), ...cost };
      const counted = cost.cost_microcents ?? cost.assumed_microcents;
      for (const used of [ofExecution(execution_id), ofRun(task_id, null), ofRun(task_id, agent_id)]) {
        used.tokens += spending.tokens;
        used.cost_microcents += counted;
      }
      const call = dayOfCall(store.tenantId, day, spending);
      const execution = store.get("executions", execution_id);
      if (execution === null || isFinished(execution)) {
        await store.commit((transaction) => {
          addStored(transaction, call);
        });
        return;
      }
      const days = atWork.get(execution_id) ?? new Map<string, DailyUsage>();
      const known = days.get(day);
      days.set(day, known === undefined ? call : addDays(known, call));
      atWork.set(execution_id, days);
    },
    on,
    recall,
    recover: async (now) => {
      const today = Date.parse(now.slice(0, 10));
      for (const status of ["Queued", "Starting", "Running"] as const) {
        for (const execution of store.all("executions", { status })) {
          const { execution_id, created_at, started_at, input } = execution;
          const deadline = Date.parse(started_at ?? created_at) + input.parameters.timeout_seconds * 1000;
          if (deadline + DAY_MS > today) recall(execution, await readable(store, execution_id));
        }
      }
    },
    settle: (transaction, executionId) => {
      for (const used of atWork.get(executionId)?.values() ?? []) addStored(transaction, used);
      atWork.delete(executionId);
      recordMetrics(transaction, store.tenantId, executionId);
    },
  };
};
