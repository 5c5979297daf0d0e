import { scaleBand, scaleLinear } from "d3-scale";
import { line, stack } from "d3-shape";
import type { MetricRow } from "../../../schemas/metrics.ts";
import { html } from "./text.ts";

/** Most days that a chart shows: the last ones of the span. */
const MOST_DAYS = 90;
const MOST_DAY_LABELS = 6;
const DAY_MS = 86_400_000;

/** The picture fills the width that it gets, so it is stretched. Its texts are HTML, which is not. */
const WIDTH = 1000;
const HEIGHT = 100;

/** One kind of value, drawn in one color. Null: the day has no such value. */
interface Series {
  /** A class of the style: its color. */
  color: "good" | "bad" | "other" | "first" | "second" | "third";
  name: string;
  of: (row: MetricRow) => number | null;
}

export interface ChartOptions {
  title: string;
  /** Values of the same day on top of each other, or next to each other as lines. */
  as: "bars" | "lines";
  series: readonly Series[];
  /** What an axis says of a value, as precise as its last value needs. */
  tick: (value: number, last: number) => string;
  /** What a day's tooltip says. */
  titleOf: (row: MetricRow) => string;
  /** The end of the axis; otherwise it follows from the values. */
  most?: number;
}

/** Each day of a span, as its last `MOST_DAYS`. */
export const daysOf = (since: string, until: string): string[] => {
  const last = Date.parse(until);
  const first = Math.max(Date.parse(since), last - (MOST_DAYS - 1) * DAY_MS);
  const length = Math.round((last - first) / DAY_MS) + 1;
  return Array.from({ length }, (_, index) => new Date(first + index * DAY_MS).toISOString().slice(0, 10));
};

const rounded = (value: number): string => value.toFixed(1);

const legend = (series: readonly Series[]): string =>
  series.length === 1
    ? ""
    : `<p class="legend">${series
        .map(({ color, name }) => `<span class="${color}" aria-hidden="true">■</span> ${html(name)}`)
        .join(" ")}</p>`;

/** A chart of the days of a report. The table By day has its numbers for those who do not see it. */
export const chart = (days: readonly string[], rows: readonly MetricRow[], options: ChartOptions): string => {
  const { title, as, series, tick, titleOf } = options;
  const shown = rows.filter(({ key }) => days.includes(key));
  const valueOf = (row: MetricRow, { of }: Series): number => of(row) ?? 0;
  const layers = stack<MetricRow, Series>().keys(series).value(valueOf)(shown);
  const values =
    as === "bars"
      ? layers.flatMap((layer) => layer.map(([, top]) => top))
      : shown.flatMap((row) => series.map((each) => valueOf(row, each)));
  const isEmpty =
    as === "bars"
      ? values.every((value) => value === 0)
      : shown.every((row) => series.every(({ of }) => of(row) === null));
  if (isEmpty) return "";

  const x = scaleBand([...days], [0, WIDTH]).padding(0.15);
  const y = scaleLinear([0, options.most ?? (Math.max(...values) || 1)], [HEIGHT, 0]);
  if (options.most === undefined) y.nice(4);
  const left = (day: string): number => x(day) ?? 0;

  const bars = () =>
    shown.map((row, index) => {
      const parts = layers.map((layer) => {
        const [bottom = 0, top = 0] = layer[index] ?? [];
        return `<rect class="${layer.key.color}" x="${rounded(left(row.key))}" y="${rounded(y(top))}" width="${rounded(x.bandwidth())}" height="${rounded(y(bottom) - y(top))}"/>`;
      });
      return parts.join("");
    });
  const lines = () =>
    series.map((each) => {
      const defined = shown.filter((row) => each.of(row) !== null);
      const middle = ({ key }: MetricRow) => left(key) + x.bandwidth() / 2;
      const path = line(middle, (row: MetricRow) => y(valueOf(row, each))).digits(1)(defined) ?? "";
      // A line of a single point is nothing; a stroke with round ends shows each day.
      const points = defined.map((row) => `M${rounded(middle(row))},${rounded(y(valueOf(row, each)))}h0`);
      return `<path class="line ${each.color}" d="${path}"/><path class="points ${each.color}" d="${points.join("")}"/>`;
    });
  const titles = shown.map(
    (row) =>
      `<rect class="day" x="${rounded(left(row.key))}" y="0" width="${rounded(x.bandwidth())}" height="${HEIGHT}"><title>${html(titleOf(row))}</title></rect>`,
  );
  const ticks = y.ticks(4);
  const grid = ticks.map((at) => `<path class="grid" d="M0,${rounded(y(at))}H${WIDTH}"/>`);
  const labels = ticks.map(
    (at) => `<span style="top:${rounded(y(at))}%">${html(tick(at, ticks.at(-1) ?? at))}</span>`,
  );
  const every = Math.ceil(days.length / MOST_DAY_LABELS);
  const dayLabels = days
    .filter((_, index) => index % every === 0)
    .map(
      (day) =>
        `<span style="left:${rounded(((left(day) + x.bandwidth() / 2) / WIDTH) * 100)}%">${html(day.slice(5))}</span>`,
    );
  return `<section><h2>${html(title)}</h2><div class="chart" role="img" aria-label="${html(title)}; the table By day has the numbers"><div class="values">${labels.join("")}</div><svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none">${grid.join("")}${(as === "bars" ? bars() : lines()).join("")}${titles.join("")}</svg><div class="days">${dayLabels.join("")}</div></div>${legend(series)}</section>`;
};

/** A share as a bar, for a cell of a table. */
export const shareBar = (share: number): string =>
  `<svg class="share" viewBox="0 0 ${WIDTH} 1" preserveAspectRatio="none" aria-hidden="true"><rect class="first" width="${rounded(scaleLinear([0, 1], [0, WIDTH])(share))}" height="1"/></svg>`;
