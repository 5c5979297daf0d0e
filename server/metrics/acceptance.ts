import type { ChangedFile, ChangeSet } from "../../schemas/changes.ts";
import type { AgentExecution } from "../../schemas/execution.ts";
import type { Finding } from "../../schemas/findings.ts";
import { noAcceptance, type Acceptance, type MetricGroup } from "../../schemas/metrics.ts";
import type { TeamRun } from "../../schemas/run.ts";
import type { Transaction } from "../store/store.ts";
import { addForecastSums, forecastSumsOf, removeForecastSums } from "./forecasts.ts";
import { addAcceptance, addToDay, noSums } from "./groups.ts";
import { wholeMetrics } from "./record.ts";

interface Counted {
  /** The execution that did the work. */
  execution: AgentExecution;
  counts: Acceptance;
}

const negated = ({ execution, counts: { changed_files: files, findings } }: Counted): Counted => ({
  execution,
  counts: {
    changed_files: {
      accepted: -files.accepted,
      discarded: -files.discarded,
      pending: -files.pending,
    },
    findings: {
      open: -findings.open,
      dismissed: -findings.dismissed,
      fixed: -findings.fixed,
      outdated: -findings.outdated,
      confirmed: -findings.confirmed,
    },
  },
});

const groupWith = (transaction: Transaction, { execution, counts }: Counted): MetricGroup => {
  const workflow = transaction.get("tasks", execution.task_id)?.workflow ?? "";
  return { ...noSums(execution, workflow), acceptance: counts };
};

/** Changes the sums of the day on which a record was created. Damaged sums are left for `coditect doctor`. */
const count = (
  transaction: Transaction,
  { tenant_id, created_at }: { tenant_id: string; created_at: string },
  changes: readonly Counted[],
): void => {
  if (changes.length === 0) return;
  const day = created_at.slice(0, 10);
  const known = wholeMetrics(tenant_id, day, transaction.get("dailyMetrics", day));
  if (known === null) return;
  const sums = changes.map((each) => groupWith(transaction, each)).reduce(addToDay, known);
  transaction.put("dailyMetrics", sums);
};

const oneFile = ({ decision }: ChangedFile): Acceptance => {
  const { changed_files: none } = noAcceptance;
  const kind = decision === "Pending" ? "pending" : decision === "Discarded" ? "discarded" : "accepted";
  return { ...noAcceptance, changed_files: { ...none, [kind]: 1 } };
};

const oneFinding = ({ status }: Finding): Acceptance => {
  const kinds = {
    Open: "open",
    Dismissed: "dismissed",
    Fixed: "fixed",
    Outdated: "outdated",
    Confirmed: "confirmed",
  } as const;
  return { ...noAcceptance, findings: { ...noAcceptance.findings, [kinds[status]]: 1 } };
};

/** The executions of a run that changed files, in the order in which they ended. */
const writersOf = (transaction: Transaction, run: TeamRun): AgentExecution[] =>
  run.stages
    .flatMap(({ execution_ids }) => execution_ids)
    .flatMap((id) => transaction.get("executions", id) ?? [])
    .filter(({ output }) => output !== null)
    .sort((one, other) => (one.completed_at ?? "").localeCompare(other.completed_at ?? ""));

/**
 * The execution that wrote a file of a run's change set. Of several attempts, the one with the same content.
 */
const writerOf = (
  { path, after }: ChangedFile,
  { execution_id }: ChangeSet,
  writers: readonly AgentExecution[],
): AgentExecution | undefined => {
  const written = (execution: AgentExecution) => execution.output?.files.find((file) => file.path === path);
  return (
    writers.findLast((execution) => written(execution)?.sha256 === after) ??
    writers.findLast((execution) => written(execution) !== undefined) ??
    writers.find((execution) => execution.execution_id === execution_id) ??
    writers.at(-1)
  );
};

/** The files of a run's change set. Empty if the change set belongs to another run, which counts it. */
const filesOf = (transaction: Transaction, run: TeamRun, changeSet: ChangeSet | null): Counted[] => {
  if (changeSet?.task_id !== run.task_id) return [];
  const writers = writersOf(transaction, run);
  const byWriter = Map.groupBy(changeSet.files, (file) => writerOf(file, changeSet, writers));
  return [...byWriter].flatMap(([execution, files]) =>
    execution === undefined ? [] : [{ execution, counts: files.map(oneFile).reduce(addAcceptance) }],
  );
};

/** Stores a change set. If it is the change set of a run, counts the user's decisions about it. */
export const putChangeSet = (transaction: Transaction, changeSet: ChangeSet): void => {
  const before = transaction.get("changeSets", changeSet.change_set_id);
  transaction.put("changeSets", changeSet);
  const run = transaction.get("runs", changeSet.task_id);
  if (run?.change_set_id !== changeSet.change_set_id) return;
  count(transaction, run, [
    ...filesOf(transaction, run, before).map(negated),
    ...filesOf(transaction, run, changeSet),
  ]);
};

/** Stores a finding, and counts it under its status. */
export const putFinding = (transaction: Transaction, finding: Finding): void => {
  const before = transaction.get("findings", finding.finding_id);
  transaction.put("findings", finding);
  const execution = transaction.get("executions", finding.execution_id);
  if (execution === null || before?.status === finding.status) return;
  count(transaction, before ?? finding, [
    ...(before === null ? [] : [negated({ execution, counts: oneFinding(before) })]),
    { execution, counts: oneFinding(finding) },
  ]);
};

const countForecast = (transaction: Transaction, before: TeamRun | null, run: TeamRun): void => {
  const [was, is] = [before === null ? null : forecastSumsOf(before), forecastSumsOf(run)];
  const { tenant_id, created_at } = run;
  if ((was?.seconds.runs ?? 0) === 0 && is.seconds.runs === 0) return;
  const day = created_at.slice(0, 10);
  const known = wholeMetrics(tenant_id, day, transaction.get("dailyMetrics", day));
  if (known === null) return;
  const rest = was === null ? known.forecasts : removeForecastSums(known.forecasts, was);
  transaction.put("dailyMetrics", { ...known, forecasts: addForecastSums(rest, is) });
};

/** Stores a run, and counts the files of its change set and the accuracy of its forecast. */
export const putRun = (transaction: Transaction, run: TeamRun): void => {
  const before = transaction.get("runs", run.task_id);
  transaction.put("runs", run);
  countForecast(transaction, before, run);
  if ((before?.change_set_id ?? null) === run.change_set_id) return;
  const setOf = ({ change_set_id: id }: TeamRun) => (id === null ? null : transaction.get("changeSets", id));
  count(transaction, run, [
    ...(before === null ? [] : filesOf(transaction, before, setOf(before)).map(negated)),
    ...filesOf(transaction, run, setOf(run)),
  ]);
};
