/** Length of the steps in which arrivals are counted. */
const STEP_MS = 5_000;
/** A step of one minute ago counts about a third of the newest one. */
const LEVEL_WEIGHT = 0.08;
const TREND_WEIGHT = 0.05;
/** A trend fades: what grew for a minute does not grow for ever. */
const DAMPING = 0.9;
/** After so many empty steps nothing is left of what was before. */
const FORGOTTEN_AFTER = 240;

/**
 * How often something is asked for, and how often it soon will be: Holt's linear exponential smoothing with
 * a damped trend, over steps of five seconds. Times are milliseconds and never go back.
 */
export class ArrivalForecast {
  #step = 0;
  #count = 0;
  #level = 0;
  #trend = 0;
  /** One arrival is no rate yet. */
  #arrivals = 0;

  add(now: number): void {
    this.#advance(now);
    this.#count += 1;
    this.#arrivals += 1;
  }

  /** How many arrivals the next `seconds` are expected to bring. */
  expected(seconds: number, now: number): number {
    this.#advance(now);
    if (this.#arrivals < 2) return 0;
    // Arrivals of the step that is not over yet count already; that it has none yet says nothing.
    const level = this.#level + LEVEL_WEIGHT * Math.max(0, this.#count - this.#level);
    const steps = (seconds * 1000) / STEP_MS;
    // The sum of the damped trend over these steps: a geometric series.
    const growth = (DAMPING * (1 - DAMPING ** steps)) / (1 - DAMPING);
    return Math.max(0, steps * level + this.#trend * growth);
  }

  #advance(now: number): void {
    const step = Math.floor(now / STEP_MS);
    if (step - this.#step > FORGOTTEN_AFTER) {
      [this.#step, this.#count, this.#level, this.#trend, this.#arrivals] = [step, 0, 0, 0, 0];
    }
    for (; this.#step < step; this.#step += 1) {
      const before = this.#level;
      const carried = DAMPING * this.#trend;
      this.#level = Math.max(0, LEVEL_WEIGHT * this.#count + (1 - LEVEL_WEIGHT) * (before + carried));
      this.#trend = TREND_WEIGHT * (this.#level - before) + (1 - TREND_WEIGHT) * carried;
      this.#count = 0;
    }
  }
}

/** Above this mean the normal distribution is close enough to Poisson's. */
const LARGE_MEAN = 50;

/** What independent arrivals of this mean (Poisson) stay within in nine of ten cases. */
export const usuallyAtMost = (mean: number): number => {
  if (mean > LARGE_MEAN) return Math.ceil(mean + 1.28 * Math.sqrt(mean));
  let probability = Math.exp(-mean);
  let sum = probability;
  let count = 0;
  while (sum < 0.9) {
    count += 1;
    probability *= mean / count;
    sum += probability;
  }
  return count;
};
