import type { MetricField } from "../../schemas/metrics.ts";
import { prometheusRules } from "../metrics/prometheus-rules.ts";
import { readMetrics, readRows, recentRuns } from "../metrics/read.ts";
import { reportPage } from "../metrics/report.ts";
import type { HandlerContext, HandlersOf } from "./context.ts";

const DAY_MS = 86_400_000;
const DEFAULT_DAYS = 30;
const EXPENSIVE_RUNS = 10;

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
  const daysAgo = (days: number) => new Date(Date.parse(now()) - days * DAY_MS).toISOString().slice(0, 10);

  return {
    "metrics/get": async ({ since = daysAgo(DEFAULT_DAYS), until = today(), by }) => {
      await alerts.check();
      return readMetrics({ since, until, by }, sources);
    },

    "metrics/prometheus": async () => {
      // Loaded when first asked for: most runtimes are never scraped.
      const { prometheusText } = await import("../metrics/prometheus.ts");
      await alerts.check();
      return { text: await prometheusText(sources), rules: prometheusRules(alertRules()) };
    },

    "metrics/report": async ({ since = daysAgo(DEFAULT_DAYS), folder }) => {
      await alerts.check();
      const rows = (by: MetricField) => readRows({ since, until: today(), by }, store).rows;
      const runs = recentRuns(store)
        .filter(({ created_at }) => created_at >= since)
        .sort((one, other) => (other.usage.cost ?? 0) - (one.usage.cost ?? 0))
        .slice(0, EXPENSIVE_RUNS)
        .map((run) => {
          const task = store.get("tasks", run.task_id);
          return { run, workflow: task?.workflow ?? "", description: task?.description ?? "" };
        });
      const html = reportPage({
        days: readMetrics({ since, until: today(), by: "day" }, sources),
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
