import { Counter, Gauge, Registry } from "prom-client";
import { AlertName } from "../../schemas/alerts.ts";
import { MICROCENTS_PER_DOLLAR } from "../../schemas/money.ts";
import { wholeMetrics } from "./record.ts";
import { instanceStates, type MetricsSources } from "./read.ts";

const byWork = ["agent_type", "workflow", "provider", "model"] as const;

/**
 * Everything that is counted, in Prometheus's text format. Counters are the sums of all days that are
 * kept: they only grow, over restarts too.
 */
export const prometheusText = async (sources: MetricsSources): Promise<string> => {
  const { store } = sources;
  const registers = [new Registry()];
  const counter = <Label extends string>(name: string, help: string, labelNames: readonly Label[]) =>
    new Counter({ name: `coditect_${name}`, help, labelNames, registers });
  const gauge = <Label extends string>(name: string, help: string, labelNames: readonly Label[]) =>
    new Gauge({ name: `coditect_${name}`, help, labelNames, registers });

  const executions = counter("executions_total", "Ended executions.", [...byWork, "status"]);
  const runSeconds = counter("execution_seconds_total", "Time from start to end of executions.", byWork);
  const waitSeconds = counter("queue_wait_seconds_total", "Time executions waited for an instance.", byWork);
  const tokens = counter("tokens_total", "Tokens of ended executions.", [...byWork, "kind"]);
  const cost = counter("cost_dollars_total", "Cost of ended executions whose price is known.", byWork);
  const unpriced = counter("unpriced_executions_total", "Ended executions of unknown price.", byWork);
  const calls = counter("model_calls_total", "Model calls of ended executions.", byWork);
  const tools = counter("tool_calls_total", "Tool calls of ended executions.", byWork);
  const providerErrors = counter(
    "provider_errors_total",
    "Executions that failed because of their provider.",
    byWork,
  );
  const gates = counter("gates_total", "Proofs of gates.", [...byWork, "gate", "held"]);
  const files = gauge("changed_files", "Changed files of runs, by the user's decision so far.", [
    ...byWork,
    "decision",
  ]);
  const findings = gauge("findings", "Reported findings, by their status so far.", [...byWork, "status"]);
  const instanceSeconds = counter(
    "instance_seconds_total",
    "Time that instances spent in each state, up to their last change of state.",
    ["state"],
  );
  const instanceCost = counter(
    "instance_cost_dollars_total",
    "Estimated cost of instances that a cloud bills for their time.",
    [],
  );
  for (const stored of store.all("dailyMetrics")) {
    const day = wholeMetrics(store.tenantId, stored.day, stored);
    for (const [state, seconds] of Object.entries(day?.instance_seconds ?? {}))
      instanceSeconds.inc({ state }, seconds);
    instanceCost.inc((day?.instance_cost_microcents ?? 0) / MICROCENTS_PER_DOLLAR);
    for (const group of day?.groups ?? []) {
      const { agent_type, workflow, provider, model, ...sums } = group;
      const work = { agent_type, workflow, provider, model };
      for (const [status, count] of Object.entries(sums.outcomes)) executions.inc({ ...work, status }, count);
      for (const [kind, count] of Object.entries(sums.tokens)) tokens.inc({ ...work, kind }, count);
      for (const [gate, { held, failed }] of Object.entries(sums.gates)) {
        gates.inc({ ...work, gate, held: "true" }, held);
        gates.inc({ ...work, gate, held: "false" }, failed);
      }
      for (const [decision, count] of Object.entries(sums.acceptance.changed_files))
        files.inc({ ...work, decision }, count);
      for (const [status, count] of Object.entries(sums.acceptance.findings))
        findings.inc({ ...work, status }, count);
      runSeconds.inc(work, sums.run.sum_seconds);
      waitSeconds.inc(work, sums.wait.sum_seconds);
      cost.inc(work, sums.cost_microcents / MICROCENTS_PER_DOLLAR);
      unpriced.inc(work, sums.unpriced);
      calls.inc(work, sums.api_calls);
      tools.inc(work, sums.tool_calls);
      providerErrors.inc(work, sums.provider_errors);
    }
  }

  const instances = gauge("instances", "Active instances by state.", ["state"]);
  for (const [state, count] of Object.entries(instanceStates(store))) instances.set({ state }, count);
  gauge("queued_executions", "Executions that wait for an instance.", []).set(sources.queued());
  gauge("active_runs", "Active runs, including waiting ones.", []).set(
    store.all("runs", { open: true }).length,
  );
  const alerts = gauge("alerts", "Alerts whose cause currently exists.", ["alert"]);
  const open = store.all("alerts", { open: true });
  for (const alert of AlertName.options)
    alerts.set({ alert }, open.filter((other) => other.alert === alert).length);
  return registers[0]?.metrics() ?? "";
};
