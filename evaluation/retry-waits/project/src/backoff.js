/** Milliseconds to wait after a failed attempt, counted from 1: twice as long each time, with a cap. */
export const backoff = (attempt, { base = 100, cap = 5000 } = {}) => Math.min(cap, base * 2 ** (attempt - 1));
