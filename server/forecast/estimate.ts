import type { Estimate } from "../../schemas/forecast.ts";

/** What is believed before anything was measured: the middle, and the spread of its logarithm. */
export interface Prior {
  expected: number;
  /** With `SPREAD`, nine of ten values are within a factor of three. */
  spread: number;
}

/** What the belief counts for, in measured values: little, so that the first ones already decide. */
const PRIOR_VALUES = 0.1;
/** Degrees of freedom of the belief in the spread. */
const PRIOR_FREEDOM = 2;
/** Spread of the logarithm of runs that are alike. */
export const SPREAD = 0.6;
/** Standard normal quantile of nine in ten: a tenth is left out below, and a tenth above. */
const NINE_IN_TEN = 1.2816;

/** The same quantile of Student's distribution, by Cornish and Fisher's expansion. */
const studentQuantile = (freedom: number): number => {
  const z = NINE_IN_TEN;
  const first = (z ** 3 + z) / (4 * freedom);
  const second = (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * freedom ** 2);
  return z + first + second;
};

/**
 * The next value of a quantity that is never negative, from earlier values: the predictive
 * distribution of a normal–inverse-gamma model of their logarithms. Values of 0 say nothing, unless
 * all are.
 */
export const estimate = (values: readonly number[], prior: Prior): Estimate => {
  if ((values.length > 0 && values.every((value) => value === 0)) || prior.expected === 0)
    return { expected: 0, low: 0, high: 0 };
  const logs = values.filter((value) => value > 0).map(Math.log);
  const count = logs.length;
  const sum = logs.reduce((total, value) => total + value, 0);
  const mean = count === 0 ? 0 : sum / count;
  const middle = (PRIOR_VALUES * Math.log(prior.expected) + sum) / (PRIOR_VALUES + count);
  const deviations = logs.reduce((total, value) => total + (value - mean) ** 2, 0);
  const freedom = PRIOR_FREEDOM + Math.max(0, count - 1);
  const spread = count === 0 ? prior.spread : SPREAD;
  const variance = (PRIOR_FREEDOM * spread ** 2 + deviations) / freedom;
  const uncertainty = count === 0 ? 1 : Math.sqrt(1 + 1 / (PRIOR_VALUES + count));
  const half = studentQuantile(freedom) * Math.sqrt(variance) * uncertainty;
  return { expected: Math.exp(middle), low: Math.exp(middle - half), high: Math.exp(middle + half) };
};
