import type { QualityMetrics } from "../../schemas/execution.ts";
import type { Finding, Severity } from "../../schemas/findings.ts";
import type { GateName, GateProof } from "../../schemas/gates.ts";

/** What the runtime measured of one execution. */
export interface Measurements {
  /** The gates of the stage, and the proofs as far as they came. */
  gates: readonly GateName[];
  proofs: readonly GateProof[];
  /** Which time the stage ran, from 1. */
  round: number;
  /** What the agent said of itself, 0 to 1. */
  claimed: { confidence: number; completeness: number };
  /** Whether the agent came to its own end; otherwise it ran out of turns, or gave up. */
  finished: boolean;
  /** Files a reviewer had to look at: how many of how many; null for a stage that does not review. */
  looked_at: { done: number; of: number } | null;
  /** How long the project's own tests took before the run and with the change, in milliseconds. */
  test_times: { before: number; after: number } | null;
}

/** Weight of a finding against the quality of the code; ten points are the worst. */
const weight: Readonly<Record<Severity, number>> = { Critical: 6, High: 3, Medium: 1, Low: 0.25, Info: 0 };

const clamp = (value: number): number => Math.min(1, Math.max(0, value));

/**
 * Confidence = gates that held / gates proven, divided by the square root of the round: work that
 * had to be sent back is trusted less. A stage without gates has only the agent's own claim.
 */
const confidence = ({ proofs, round, claimed }: Measurements): number => {
  const held = proofs.filter((proof) => proof.held).length;
  return (proofs.length === 0 ? claimed.confidence : held / proofs.length) / Math.sqrt(round);
};

/** How far a gate is met: 1 if it held; `green` counts its tests; one that was not reached is not met. */
const gateMet = (name: GateName, proofs: readonly GateProof[]): number => {
  const proof = proofs.find(({ gate }) => gate === name);
  if (proof === undefined) return 0;
  if (proof.held) return 1;
  const { passed, failed } = proof.counts ?? { passed: 0, failed: 0 };
  return name === "green" && passed + failed > 0 ? passed / (passed + failed) : 0;
};

/**
 * Completeness = the mean of the criteria of the stage: each of its gates, the files that a reviewer
 * had to look at, and that the agent came to its own end. What the agent says of itself can lower it
 * and never raise it.
 */
const completeness = ({ gates, proofs, looked_at, finished, claimed }: Measurements): number => {
  const criteria = [
    ...gates.map((gate) => gateMet(gate, proofs)),
    ...(looked_at === null || looked_at.of === 0 ? [] : [looked_at.done / looked_at.of]),
    finished ? 1 : 0,
  ];
  const met = criteria.reduce((sum, share) => sum + share, 0) / criteria.length;
  return finished ? Math.min(met, claimed.completeness) : met;
};

/**
 * Code quality = 1 − Σ(weight × confidence) / 10 over the open findings that reviewers reported on the
 * author's change; Critical 6, High 3, Medium 1, Low 0.25, Info 0.
 */
export const codeQuality = (findings: readonly Finding[]): number =>
  clamp(
    1 -
      findings
        .filter((finding) => finding.status === "Open")
        .reduce((sum, finding) => sum + weight[finding.severity] * finding.confidence, 0) /
        10,
  );

/** Test coverage = covered lines / lines, from the runner's own report of the last gate that has one. */
const testCoverage = ({ proofs }: Measurements): number | null => {
  const coverage = proofs.findLast((gate) => gate.coverage !== null)?.coverage;
  return coverage == null || coverage.total === 0 ? null : coverage.covered / coverage.total;
};

/** Differences below it are the noise of a machine. Milliseconds. */
const NOISE_MS = 100;

/**
 * Performance = the time of the project's own tests before the run / their time with the change: 1 if
 * they are not slower, 0.5 if they take twice as long. `null` where the times were not measured.
 */
const performanceOf = ({ test_times }: Measurements): number | null =>
  test_times === null ? null : clamp((test_times.before + NOISE_MS) / Math.max(1, test_times.after));

/**
 * Documents: "QualityMetrics Structure". Each score comes from what was measured; what was not is
 * null. `code_quality` is set when a later stage has reviewed the change. The formulas are at the
 * functions above.
 */
export const qualityMetrics = (measured: Measurements): QualityMetrics => ({
  confidence: clamp(confidence(measured)),
  completeness: clamp(completeness(measured)),
  code_quality: null,
  test_coverage: testCoverage(measured),
  performance: performanceOf(measured),
});
