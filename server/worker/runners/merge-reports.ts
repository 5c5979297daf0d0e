import type { Coverage, TestOutcome, TestReport } from "../../../schemas/tests.ts";

/** Outcomes, from the most to the least severe. The most severe one decides a merged report. */
const bySeverity: readonly TestOutcome[] = [
  "timed_out",
  "crashed",
  "load_error",
  "failed",
  "passed",
  "no_tests",
];

const mergeCoverage = (parts: readonly Coverage[]): Coverage | null => {
  if (parts.length === 0) return null;
  const sum = (key: "covered" | "total") => parts.reduce((total, part) => total + part[key], 0);
  const files = Object.fromEntries(parts.flatMap((part) => Object.entries(part.files)));
  return { covered: sum("covered"), total: sum("total"), files };
};

const orNone = <Item>(items: readonly Item[]): Item[] | undefined =>
  items.length === 0 ? undefined : [...items];

/**
 * Merges the reports of several packages. The result has all tests and load errors, and the outcome, command and exit
 * code of the package with the worst outcome.
 */
export const mergeReports = (reports: readonly [TestReport, ...TestReport[]]): TestReport => {
  const worst = reports.reduce((one, other) =>
    bySeverity.indexOf(other.outcome) < bySeverity.indexOf(one.outcome) ? other : one,
  );
  const sum = (pick: (report: TestReport) => number) =>
    reports.reduce((total, report) => total + pick(report), 0);
  return {
    ...worst,
    counts: {
      passed: sum(({ counts }) => counts.passed),
      failed: sum(({ counts }) => counts.failed),
      skipped: sum(({ counts }) => counts.skipped),
    },
    tests: reports.flatMap(({ tests }) => tests),
    load_errors: reports.flatMap(({ load_errors }) => load_errors),
    errors: reports.flatMap(({ errors }) => errors),
    left_out: orNone(reports.flatMap(({ left_out }) => left_out ?? [])),
    parts: reports.flatMap(({ parts }) => parts),
    coverage: mergeCoverage(reports.flatMap(({ coverage }) => coverage ?? [])),
    duration_ms: sum(({ duration_ms }) => duration_ms),
    output: worst.output,
    without_own_command: reports.some(({ without_own_command: without }) => without) ? true : undefined,
    watched: reports.every(({ watched }) => watched) ? true : undefined,
    tampering: orNone(reports.flatMap(({ tampering }) => tampering ?? [])),
    mutants: orNone(reports.flatMap(({ mutants }) => mutants ?? [])),
    reached: orNone(reports.flatMap(({ reached }) => reached ?? [])),
    // If the tests of a package ran, the environment works for the project.
    environment: reports.some(({ counts }) => counts.passed > 0) ? undefined : worst.environment,
  };
};
