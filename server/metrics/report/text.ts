import { durationText } from "../../../schemas/duration.ts";
import { htmlText } from "../../../schemas/plain-text.ts";
import type { MetricRow } from "../../../schemas/metrics.ts";

/** How the report writes values. */
export const html = (text: string | number): string => htmlText(String(text));

export const percent = (share: number | null): string =>
  share === null ? "–" : `${Math.round(share * 100)} %`;
export const dollars = (cost: number): string =>
  cost === 0 ? "$0" : `$${cost.toFixed(cost < 0.01 ? 4 : 2)}`;
export const seconds = (value: number | null): string => (value === null ? "–" : durationText(value * 1000));
export const count = (value: number): string => value.toLocaleString("en-US");

const compact = new Intl.NumberFormat("en-US", { notation: "compact", maximumFractionDigits: 1 });
/** A short form for axes, such as `1.2M`. */
export const short = (value: number): string => compact.format(value);

export const tokensOf = ({ tokens }: MetricRow): number =>
  tokens.input + tokens.cache_read + tokens.cache_write + tokens.output;
export const costOf = (row: MetricRow): string =>
  `${dollars(row.cost)}${row.unpriced > 0 ? " + unknown" : ""}`;
export const failedOf = ({ outcomes }: MetricRow): number => outcomes.failed + outcomes.timed_out;

/** The share of decisions that accepted the work. */
export const shareText = (taken: number, refused: number): string =>
  percent(taken + refused === 0 ? null : taken / (taken + refused));

/** `GateFailed` as `Gate failed`. */
export const words = (name: string): string =>
  name.replace(/(?<=[a-z])[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);

/** A row of `TestWriter` as one of `Test Writer`. */
export const inWords = (row: MetricRow): MetricRow => ({
  ...row,
  key: row.key.replace(/(?<=[a-z])(?=[A-Z])/g, " "),
});
