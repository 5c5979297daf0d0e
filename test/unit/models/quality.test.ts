import assert from "node:assert/strict";
import type { GateProof } from "../../../schemas/gates.ts";
import { qualityMetrics, type Measurements } from "../../../server/models/quality.ts";

const proof = (held: boolean, coverage: GateProof["coverage"] = null): GateProof => ({
  gate: "green",
  held,
  reason: "",
  runner: null,
  command: null,
  exit_code: null,
  counts: null,
  evidence: [],
  coverage,
  duration_ms: 0,
  proved_at: "2026-01-31T12:00:00.000Z",
});

const measured: Measurements = {
  gates: [],
  round: 1,
  claimed: { confidence: 1, completeness: 1 },
  progress: null,
  findings: null,
  duration_seconds: 30,
  timeout_seconds: 120,
};

describe("QualityMetrics", () => {
  it("believes half of a claim where nothing was measured, and leaves null what can be null", () => {
    assert.deepEqual(qualityMetrics(measured), {
      confidence: 0.5,
      completeness: 0.5,
      code_quality: null,
      test_coverage: null,
      performance: 0.75,
    });
  });

  it("takes confidence from the gates and trusts later rounds less", () => {
    const gates = [proof(true), proof(false)];
    assert.equal(qualityMetrics({ ...measured, gates }).confidence, 0.5);
    assert.equal(qualityMetrics({ ...measured, gates, round: 4 }).confidence, 0.25);
  });

  it("takes completeness from what was counted, not from what was claimed", () => {
    assert.equal(qualityMetrics({ ...measured, progress: { done: 1, of: 4 } }).completeness, 0.25);
  });

  it("takes coverage from the last gate whose runner reported it", () => {
    const gates = [proof(true, { covered: 8, total: 10, files: {} }), proof(true)];
    assert.equal(qualityMetrics({ ...measured, gates }).test_coverage, 0.8);
  });

  it("is perfect in code quality when reviewed without findings", () => {
    assert.equal(qualityMetrics({ ...measured, findings: [] }).code_quality, 1);
  });

  it("never goes below 0 in performance", () => {
    assert.equal(qualityMetrics({ ...measured, duration_seconds: 500 }).performance, 0);
  });
});
