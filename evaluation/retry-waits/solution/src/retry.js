import { backoff } from "./backoff.js";

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Does work until it succeeds, at most so often; rejects with the error of the last attempt. */
export const retry = async (work, { attempts = 3, sleep = pause } = {}) => {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work(attempt);
    } catch (error) {
      if (attempt >= attempts) throw error;
    }
    await sleep(backoff(attempt));
  }
};
