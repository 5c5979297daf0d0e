import type { Limits } from "../../schemas/agent.ts";
import type { Amount } from "./amount.ts";

/** What one workspace used on a day (UTC), together with what its calls have reserved. */
export type TakenOn = (day: string) => Amount;

/** What a closed workspace used on the day on which it was closed. */
export interface KeptUse {
  day: string;
  amount: Amount;
}

const none: Amount = { tokens: 0, microcents: 0 };

/** What all workspaces of one tenant use on a day, so that the caps of a day apply to their sum. */
export class TenantUse {
  readonly #limits: () => Limits;
  /** By state folder. */
  readonly #open = new Map<string, TakenOn>();
  /** Of workspaces that are closed now. */
  readonly #closed = new Map<string, KeptUse>();

  /** @param limits the caps of the tenant at the moment. */
  constructor(limits: () => Limits) {
    this.#limits = limits;
  }

  get limits(): Limits {
    return this.#limits();
  }

  /** Counts an open workspace. */
  join(stateFolder: string, taken: TakenOn): void {
    this.#closed.delete(stateFolder);
    this.#open.set(stateFolder, taken);
  }

  /** Keeps what a workspace used today. Call this before its state closes. */
  leave(stateFolder: string, day: string): void {
    const amount = this.#open.get(stateFolder)?.(day) ?? none;
    this.#open.delete(stateFolder);
    this.recall(stateFolder, { day, amount });
  }

  /** Counts what a workspace used before, until it is opened. */
  recall(stateFolder: string, kept: KeptUse): void {
    this.#closed.set(stateFolder, kept);
  }

  /** Of a workspace that is closed. */
  kept(stateFolder: string): KeptUse | null {
    return this.#closed.get(stateFolder) ?? null;
  }

  taken(day: string): Amount {
    const sum = { ...none };
    const add = ({ tokens, microcents }: Amount): void => {
      sum.tokens += tokens;
      sum.microcents += microcents;
    };
    for (const taken of this.#open.values()) add(taken(day));
    for (const kept of this.#closed.values()) if (kept.day === day) add(kept.amount);
    return sum;
  }
}
