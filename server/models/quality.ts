import type { QualityMetrics } from "../../schemas/execution.ts";
import type { Finding, Severity } from "../../schemas/findings.ts";
import type { GateProof } from "../../schemas/gates.ts";

/** What the runtime measured of one execution. */
export interface Measurements {
  gates: readonly GateProof[];
  /** Which time the stage ran, from 1. */
  round: number;
  /** What the agent said of itself, 0 to 1. */
  claimed: { confidence: number; completeness: number };
  /** Tests the stage had to make pass, or files it had to look at: how many of how many. */
  progress: { done: number; of: number } | null;
  /** Findings on the files it handed back; null when nobody reviewed them. */
  findings: readonly Finding[] | null;
  duration_seconds: number;
  timeout_seconds: number;
}

/** Weight of a finding against the quality of the code; ten points are the worst. */
const weight: Readonly<Record<Severity, number>> = { Critical: 6, High: 3, Medium: 1, Low: 0.25, Info: 0 };

const clamp = (value: number): number => Math.min(1, Math.max(0, value));

/**
 * Confidence = gates that held / gates proven, divided by the square root of the round: work that
 * had to be sent back is trusted less. Without a gate it is half of what the agent claims, because
 * a claim is not a measurement.
 */
const confidence = ({ gates, round, claimed }: Measurements): number =>
  gates.length === 0
    ? claimed.confidence / 2
    : gates.filter((gate) => gate.held).length / gates.length / Math.sqrt(round);

/**
 * Completeness = done / of (tests that pass of those that had to, files looked at of those that had
 * to be). Where nothing can be counted, half of what the agent claims.
 */
const completeness = ({ progress, claimed }: Measurements): number =>
  progress === null || progress.of === 0 ? claimed.completeness / 2 : progress.done / progress.of;

/**
 * Code quality = 1 − Σ(weight × confidence) / 10 over the open findings; Critical 6, High 3,
 * Medium 1, Low 0.25, Info 0. `null` when nobody reviewed the files.
 */
const codeQuality = ({ findings }: Measurements): number | null =>
  findings === null
    ? null
    : 1 -
      findings
        .filter((finding) => finding.status === "Open")
        .reduce((sum, finding) => sum + weight[finding.severity] * finding.confidence, 0) /
        10;

/** Test coverage = covered lines / lines, from the runner's own report of the last gate that has one. */
const testCoverage = ({ gates }: Measurements): number | null => {
  const coverage = gates.findLast((gate) => gate.coverage !== null)?.coverage;
  return coverage == null || coverage.total === 0 ? null : coverage.covered / coverage.total;
};

/** Performance = the share of its time budget that the execution left unused. */
const performance = ({ duration_seconds, timeout_seconds }: Measurements): number =>
  1 - duration_seconds / timeout_seconds;

/**
 * Documents: "QualityMetrics Structure". Each score comes from what was measured; what cannot be
 * measured is null where the documents allow it. The formulas stand at the functions above.
 */
export const qualityMetrics = (measured: Measurements): QualityMetrics => {
  const quality = codeQuality(measured);
  return {
    confidence: clamp(confidence(measured)),
    completeness: clamp(completeness(measured)),
    code_quality: quality === null ? null : clamp(quality),
    test_coverage: testCoverage(measured),
    performance: clamp(performance(measured)),
  };
};
