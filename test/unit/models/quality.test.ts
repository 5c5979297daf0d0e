import assert from "node:assert/strict";
import fc from "fast-check";
import { QualityMetrics } from "../../../schemas/execution.ts";
import type { Finding } from "../../../schemas/findings.ts";
import { GateName, type GateProof } from "../../../schemas/gates.ts";
import { codeQuality, qualityMetrics, type Measurements } from "../../../server/models/quality.ts";

const proof = (gate: GateName, held: boolean, more: Partial<GateProof> = {}): GateProof => ({
  gate,
  held,
  reason: "",
  runner: null,
  command: null,
  exit_code: null,
  counts: null,
  evidence: [],
  coverage: null,
  duration_ms: 0,
  proved_at: "2026-01-31T12:00:00.000Z",
  ...more,
});

const measured: Measurements = {
  gates: [],
  proofs: [],
  round: 1,
  claimed: { confidence: 0.9, completeness: 1 },
  finished: true,
  looked_at: null,
  test_times: null,
};

const finding = (severity: Finding["severity"], status: Finding["status"] = "Open"): Finding => ({
  finding_id: "00000000-0000-4000-8000-000000000001",
  tenant_id: "00000000-0000-4000-8000-000000000002",
  task_id: "00000000-0000-4000-8000-000000000003",
  execution_id: "00000000-0000-4000-8000-000000000004",
  path: "src/a.js",
  start_line: 1,
  start_column: null,
  end_line: 1,
  end_column: null,
  severity,
  category: "wrong-result",
  title: "Wrong result",
  explanation: "",
  fix: null,
  confidence: 1,
  fingerprint: "",
  status,
  dismissed_reason: null,
  created_at: "2026-01-31T12:00:00.000Z",
  updated_at: "2026-01-31T12:00:00.000Z",
});

describe("QualityMetrics", () => {
  it("takes the agent's word for its confidence only where no gate was proven", () => {
    assert.deepEqual(qualityMetrics(measured), {
      confidence: 0.9,
      completeness: 1,
      code_quality: null,
      test_coverage: null,
      performance: null,
    });
  });

  it("takes confidence from the gates and trusts later rounds less", () => {
    const proofs = [proof("red", true), proof("clean", false)];
    assert.equal(qualityMetrics({ ...measured, proofs }).confidence, 0.5);
    assert.equal(qualityMetrics({ ...measured, proofs, round: 4 }).confidence, 0.25);
  });

  it("counts gates that were not reached, tests that fail, and an agent that did not finish", () => {
    const gates: GateName[] = ["untouched", "green", "clean"];
    const counts = { passed: 3, failed: 1, skipped: 0 };
    const proofs = [proof("untouched", true), proof("green", false, { counts })];
    const completeness = (more: Partial<Measurements>) =>
      qualityMetrics({ ...measured, gates, proofs, ...more }).completeness;
    assert.equal(completeness({}), (1 + 0.75 + 0 + 1) / 4);
    assert.equal(completeness({ finished: false }), (1 + 0.75 + 0 + 0) / 4);
  });

  it("counts the files that a reviewer looked at", () => {
    assert.equal(qualityMetrics({ ...measured, looked_at: { done: 1, of: 4 } }).completeness, 0.625);
    assert.equal(qualityMetrics({ ...measured, looked_at: { done: 0, of: 0 } }).completeness, 1);
  });

  it("lets a claim lower the completeness and never raise it", () => {
    const claimed = (completeness: number) => ({ confidence: 1, completeness });
    assert.equal(qualityMetrics({ ...measured, claimed: claimed(0.3) }).completeness, 0.3);
    assert.equal(
      qualityMetrics({ ...measured, gates: ["red"], claimed: claimed(1), finished: false }).completeness,
      0,
    );
  });

  it("takes coverage from the last gate whose runner reported it", () => {
    const coverage = { covered: 8, total: 10, files: {} };
    const proofs = [proof("clean", true, { coverage }), proof("findings", true)];
    assert.equal(qualityMetrics({ ...measured, proofs }).test_coverage, 0.8);
  });

  it("compares the time of the tests before and after, without the noise of short ones", () => {
    const performance = (before: number, after: number) =>
      qualityMetrics({ ...measured, test_times: { before, after } }).performance;
    assert.equal(performance(2, 60), 1);
    assert.equal(performance(900, 2000), 0.5);
    assert.equal(performance(5000, 1000), 1);
  });

  it("takes the quality of code from the open findings on it", () => {
    assert.equal(codeQuality([]), 1);
    assert.equal(codeQuality([finding("High"), finding("Medium", "Dismissed")]), 0.7);
    assert.equal(codeQuality([finding("Critical"), finding("Critical")]), 0);
  });

  it("gives scores that the record takes, whatever was measured", () => {
    const ratio = fc.double({ min: 0, max: 1, noNaN: true });
    const time = fc.double({ min: 0, max: 1e9, noNaN: true });
    const gate = fc.constantFrom(...GateName.options);
    const count = fc.nat(50);
    fc.assert(
      fc.property(
        fc.record({
          gates: fc.array(gate),
          proofs: fc.array(
            fc
              .tuple(gate, fc.boolean(), count, count)
              .map(([name, held, passed, failed]) =>
                proof(name, held, { counts: { passed, failed, skipped: 0 } }),
              ),
          ),
          round: fc.integer({ min: 1, max: 50 }),
          claimed: fc.record({ confidence: ratio, completeness: ratio }),
          finished: fc.boolean(),
          looked_at: fc.option(fc.nat(9).chain((of) => fc.record({ done: fc.nat(of), of: fc.constant(of) }))),
          test_times: fc.option(fc.record({ before: time, after: time })),
        }),
        (measurements) => QualityMetrics.safeParse(qualityMetrics(measurements)).success,
      ),
    );
  });
});
