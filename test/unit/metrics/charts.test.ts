import assert from "node:assert/strict";
import type { MetricRow } from "../../../schemas/metrics.ts";
import { chart, type ChartOptions, daysOf } from "../../../server/metrics/report/chart.ts";
import { readMetrics, readSpan } from "../../../server/metrics/read.ts";
import { memoryStore } from "../../support/memory-store.ts";

const DAYS = ["2026-11-28", "2026-11-29", "2026-11-30"];

const empty = readMetrics("day", readSpan({ since: "2026-11-28", until: "2026-11-30" }, memoryStore()), {
  store: memoryStore(),
  queued: () => 0,
}).total;

const onDay = (key: string, cost: number, api_calls: number): MetricRow => ({
  ...empty,
  key,
  cost,
  api_calls,
});

const drawn = (rows: readonly MetricRow[], options: Partial<ChartOptions> = {}): string =>
  chart(DAYS, rows, {
    title: "Work",
    as: "bars",
    series: [
      { color: "good", name: "cost", of: ({ cost }) => cost },
      { color: "bad", name: "calls", of: ({ api_calls: calls }) => calls },
    ],
    tick: String,
    titleOf: ({ key }) => `on ${key}`,
    ...options,
  });

const heights = (page: string, color: string): number[] =>
  [...page.matchAll(new RegExp(`<rect class="${color}"[^>]* height="([\\d.]+)"`, "g"))].map(([, height]) =>
    Number(height),
  );

describe("a chart of days", () => {
  it("draws values of a day on top of each other, up to the round number at the end of the axis", () => {
    const page = drawn([onDay("2026-11-28", 30, 10), onDay("2026-11-30", 5, 0)]);
    assert.match(page, /<span style="top:0\.0%">40<\/span>/);
    assert.deepEqual(heights(page, "good"), [75, 12.5]);
    assert.deepEqual(heights(page, "bad"), [25, 0]);
    assert.match(page, /<title>on 2026-11-28<\/title>.*<title>on 2026-11-30<\/title>/);
  });

  it("draws lines through the days that have a value", () => {
    const rows = [onDay("2026-11-28", 1, 0), onDay("2026-11-29", 0, 0), onDay("2026-11-30", 1, 0)];
    const of = ({ cost }: MetricRow) => (cost === 0 ? null : cost);
    const page = drawn(rows, { as: "lines", series: [{ color: "first", name: "cost", of }] });
    const [, path = ""] = /<path class="line first" d="([^"]+)"/.exec(page) ?? [];
    assert.match(path, /^M[\d.]+,0L[\d.]+,0$/);
  });

  it("is left out if no day has a value", () => {
    assert.equal(drawn([onDay("2026-11-28", 0, 0)]), "");
    assert.equal(drawn([]), "");
    const none: ChartOptions["series"] = [{ color: "good", name: "rate", of: () => null }];
    assert.equal(drawn([onDay("2026-11-28", 1, 1)], { as: "lines", series: none }), "");
  });

  it("draws a line at zero", () => {
    const series: ChartOptions["series"] = [{ color: "good", name: "rate", of: () => 0 }];
    const page = drawn([onDay("2026-11-28", 1, 1)], { as: "lines", series });
    assert.match(page, /<path class="line good" d="M[\d.]+,100Z?"/);
  });

  it("keeps to the days of its span, and to the last 90 of them", () => {
    assert.deepEqual(heights(drawn([onDay("2026-10-01", 9, 9), onDay("2026-11-28", 1, 0)]), "good"), [100]);
    assert.deepEqual(daysOf("2026-11-28", "2026-11-30"), DAYS);
    const long = daysOf("2020-01-01", "2026-11-30");
    assert.deepEqual([long.length, long[0], long.at(-1)], [90, "2026-09-02", "2026-11-30"]);
  });
});
