import { MICROCENTS_PER_DOLLAR } from "../schemas/money.ts";
import type { DailyUsage } from "../schemas/run.ts";

/** The day of a timestamp, in UTC. */
const dayOf = (at: string): string => at.slice(0, 10);

/** The cost of today (UTC) by folder: the runtime's last total, plus the calls since then. */
export class DaySpending {
  readonly #folders = new Map<string, { day: string; dollars: number; isWhole: boolean }>();

  total(): number {
    return [...this.#folders.values()].reduce((sum, { dollars }) => sum + dollars, 0);
  }

  /** Whether the price of every call is known. */
  isWhole(): boolean {
    return [...this.#folders.values()].every(({ isWhole }) => isWhole);
  }

  knows(folder: string, at: string): boolean {
    return this.#folders.get(folder)?.day === dayOf(at);
  }

  /** The total of this day is being read. Until it arrives, only new calls count. */
  expect(folder: string, at: string): void {
    if (!this.knows(folder, at)) this.#folders.set(folder, { day: dayOf(at), dollars: 0, isWhole: true });
  }

  /** Adds a call. False if the total of its day must be read first. */
  add(folder: string, { at, cost }: { at: string; cost: number | null }): boolean {
    const known = this.#folders.get(folder);
    if (known?.day !== dayOf(at)) return false;
    known.dollars += cost ?? 0;
    known.isWhole &&= cost !== null;
    return true;
  }

  read(folder: string, { day, cost_microcents, unpriced_calls }: DailyUsage): void {
    const dollars = cost_microcents / MICROCENTS_PER_DOLLAR;
    this.#folders.set(folder, { day, dollars, isWhole: unpriced_calls === 0 });
  }
}
