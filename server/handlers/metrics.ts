import type { MethodParams } from "../../schemas/contract.ts";
import { fail } from "../../schemas/errors.ts";
import type { MetricField } from "../../schemas/metrics.ts";
import { prometheusRules } from "../metrics/prometheus-rules.ts";
import { readMetrics, readSpan, recentRuns, rowsBy, type Span } from "../metrics/read.ts";
import type { HandlerContext, HandlersOf } from "./context.ts";

const DAY_MS = 86_400_000;
const DEFAULT_DAYS = 30;
const EXPENSIVE_RUNS = 10;

/** A date before this one has another form. */
const FIRST_DAY = "0000-01-01";

const dayAfter = (day: string, days: number): string =>
  new Date(Math.max(Date.parse(FIRST_DAY), Date.parse(day) + days * DAY_MS)).toISOString().slice(0, 10);

/** The days (UTC) that a caller asks for. Error: `invalid_params` if they end before they begin. */
const spanOf = (asked: Pick<MethodParams<"metrics/get">, "since" | "until">, today: string): Span => {
  // East of Greenwich, a user's today can be a day that has not begun in UTC.
  const latest = asked.since === dayAfter(today, 1) ? asked.since : today;
  const until = asked.until ?? latest;
  const since = asked.since ?? dayAfter(until, -DEFAULT_DAYS);
  if (since <= until) return { since, until };
  const end = asked.until === undefined ? `today, ${until} (UTC)` : until;
  throw fail("invalid_params", {
    what: "The span of time",
    problems: `it begins on ${since}, after its end: ${end}`,
  });
};

/** What happened over time, for people, programs and Prometheus. */
export const metricHandlers = ({
  store,
  pool,
  alerts,
  alertRules,
  now,
}: HandlerContext): HandlersOf<"metrics"> => {
  const sources = { store, queued: () => pool.queued() };
  const today = () => now().slice(0, 10);

  return {
    "metrics/get": async ({ since, until, by }) => {
      const span = spanOf({ since, until }, today());
      await alerts.check();
      return readMetrics(by, readSpan(span, store), sources);
    },

    "metrics/prometheus": async () => {
      // Loaded when first asked for: most runtimes are never scraped.
      const { prometheusText } = await import("../metrics/prometheus.ts");
      await alerts.check();
      return { text: await prometheusText(sources), rules: prometheusRules(alertRules()) };
    },

    "metrics/report": async ({ since, until, folder }) => {
      const { reportPage } = await import("../metrics/report/page.ts");
      const span = spanOf({ since, until }, today());
      await alerts.check();
      const sums = readSpan(span, store);
      const rows = (by: MetricField) => rowsBy(by, sums).rows;
      const runs = recentRuns(store, span)
        .sort((one, other) => (other.usage.cost ?? 0) - (one.usage.cost ?? 0))
        .slice(0, EXPENSIVE_RUNS)
        .map((run) => {
          const task = store.get("tasks", run.task_id);
          return { run, workflow: task?.workflow ?? "", description: task?.description ?? "" };
        });
      const html = reportPage({
        days: readMetrics("day", sums, sources),
        by: {
          model: rows("model"),
          agent_type: rows("agent_type"),
          workflow: rows("workflow"),
          provider: rows("provider"),
        },
        runs,
        folder,
      });
      return { html };
    },
  };
};
