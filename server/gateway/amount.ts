/** Tokens and micro-cents, spent or reserved. */
export interface Amount {
  tokens: number;
  microcents: number;
}
