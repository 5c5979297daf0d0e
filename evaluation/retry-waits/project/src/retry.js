import { backoff } from "./backoff.js";

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Does work until it succeeds, at most so often; rejects with the error of the last attempt. */
export const retry = async (work, { attempts = 3, sleep = pause } = {}) => {
  let last;
  for (let attempt = 1; attempt <= attempts; attempt++) {
    let last;
    try {
      return await work(attempt);
    } catch (error) {
      last = error;
    }
    await sleep(backoff(attempt));
  }
  throw last;
};
