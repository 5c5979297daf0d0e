/** Arrivals are counted in steps of this length. */
const STEP_MS = 5_000;
/** A step that is one minute old counts about a third of the newest one. */
const LEVEL_WEIGHT = 0.08;
const TREND_WEIGHT = 0.05;
/** Makes a trend fade, because growth over one minute does not continue forever. */
const DAMPING = 0.9;
/** After this many steps without an arrival, the forecast starts from zero. */
const FORGOTTEN_AFTER = 240;

/**
 * Forecasts how many requests arrive in the near future. It uses Holt's linear exponential smoothing with a
 * damped trend, over steps of five seconds. Times are in milliseconds and must not decrease.
 */
export class ArrivalForecast {
  #step = 0;
  #count = 0;
  #level = 0;
  #trend = 0;
  /** A single arrival is not enough to estimate a rate. */
  #arrivals = 0;

  add(now: number): void {
    this.#advance(now);
    this.#count += 1;
    this.#arrivals += 1;
  }

  /** The number of arrivals that are expected in the next `seconds`. */
  expected(seconds: number, now: number): number {
    this.#advance(now);
    if (this.#arrivals < 2) return 0;
    // The current step is not over, so its arrivals can raise the level but must not lower it.
    const level = this.#level + LEVEL_WEIGHT * Math.max(0, this.#count - this.#level);
    const steps = (seconds * 1000) / STEP_MS;
    // The sum of the damped trend over these steps is a geometric series.
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

/** Above this mean, the normal distribution is close enough to the Poisson distribution. */
const LARGE_MEAN = 50;

/** The number that independent arrivals with this mean do not exceed in nine of ten cases (Poisson). */
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
