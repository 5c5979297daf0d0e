/** A bucket that refills every second. Each request takes one token from it. */
interface Bucket {
  left: number;
  at: number;
}

/** Buckets that have been full for this long are removed. */
const MINUTE_MS = 60_000;
const MOST_BUCKETS = 10_000;

/** Limits each name to this many requests per minute, in bursts of up to the same number. */
export class RateLimit {
  readonly #perMinute: number;
  readonly #buckets = new Map<string, Bucket>();

  constructor(perMinute: number) {
    this.#perMinute = perMinute;
  }

  /** Takes one request. Returns 0 if the call may proceed, otherwise the seconds until it may. */
  take(name: string, now: number): number {
    const bucket = this.#bucket(name, now);
    if (bucket.left < 1) return Math.ceil(((1 - bucket.left) * 60) / this.#perMinute);
    bucket.left -= 1;
    return 0;
  }

  /** The seconds until a request could be taken. Takes none. */
  wait(name: string, now: number): number {
    const { left } = this.#bucket(name, now);
    return left < 1 ? Math.ceil(((1 - left) * 60) / this.#perMinute) : 0;
  }

  #bucket(name: string, now: number): Bucket {
    const found = this.#buckets.get(name) ?? { left: this.#perMinute, at: now };
    found.left = Math.min(this.#perMinute, found.left + ((now - found.at) * this.#perMinute) / MINUTE_MS);
    found.at = now;
    // The map is sorted by the latest use.
    this.#buckets.delete(name);
    this.#buckets.set(name, found);
    for (const [old, { at }] of this.#buckets) {
      if (this.#buckets.size <= MOST_BUCKETS && now - at < MINUTE_MS) break;
      this.#buckets.delete(old);
    }
    return found;
  }
}
