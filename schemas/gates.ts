import { z } from "zod";
import { Count, Milliseconds, Timestamp } from "./primitives.ts";
import { Coverage, TestRunner } from "./tests.ts";

/**
 * Which files of its private copy a stage may write. `tests`: test files and their fixtures;
 * `sources`: everything but test files and test configuration; `documents`: documentation.
 */
export const WriteAccess = z.enum(["none", "tests", "sources", "documents", "all"]);
export type WriteAccess = z.infer<typeof WriteAccess>;

/**
 * What the runtime measures before it believes a stage:
 * - `red`: the new or changed tests fail on today's code, in the tests and not in loading them;
 * - `green`: those same tests pass;
 * - `untouched`: no test and no test configuration changed since the tests were proven red;
 * - `clean`: nothing that passed before the run fails in the whole suite;
 * - `findings`: no blocking finding (Critical or High, confidence at least 0.7) is open;
 * - `documents`: every link from a changed document to a file of the workspace leads somewhere, and
 *   every Mermaid diagram in it can be read;
 * - `diagrams`: the stage drew at least one Mermaid diagram, and every one can be read;
 * - `changed`: the stage handed back at least one changed file;
 * - `mutants`: tests fail by an assertion when the changed lines are made wrong;
 * - `needed`: each piece of the change is missed by a test when it is taken back alone;
 * - `stable`: the new tests pass again and again, in any order, alone, and on another day;
 * - `held-back`: the tests that were kept from who wrote the code pass as the others do.
 */
export const GateName = z.enum([
  "red",
  "green",
  "untouched",
  "clean",
  "findings",
  "documents",
  "diagrams",
  "changed",
  "mutants",
  "needed",
  "stable",
  "held-back",
]);
export type GateName = z.infer<typeof GateName>;

/** Gates that show how much the tests of a change are worth; they run the tests again and again. */
export const strictGates = GateName.extract(["needed", "mutants", "stable"]).options;

/** A mutant that no test noticed. */
const Survivor = z.strictObject({
  /** Stays the same for the same mutation of the same line, even if the line moves. */
  id: z.string(),
  path: z.string(),
  line: Count,
  /** The kind of mutation and the new code. */
  what: z.string(),
});
type Survivor = z.infer<typeof Survivor>;

/** What was run and seen when a gate was proven or failed; stored with the execution. */
export const GateProof = z.strictObject({
  gate: GateName,
  held: z.boolean(),
  /** One sentence for people: what was measured, or why it did not hold. */
  reason: z.string(),
  runner: TestRunner.nullable(),
  /** The command that was run; `null` for gates that run none. */
  command: z.array(z.string()).nullable(),
  exit_code: z.int().nullable(),
  counts: z.strictObject({ passed: Count, failed: Count, skipped: Count }).nullable(),
  /** The tests or files that decided it, at most 50. */
  evidence: z.array(z.string()),
  coverage: Coverage.nullable(),
  /**
   * By name (`file > suites > test`): the tests that `proven` the gate, and all that were `found`.
   * Later gates ask for each of them by name.
   */
  tests: z.strictObject({ proven: z.array(z.string()), found: z.array(z.string()) }).optional(),
  /** What became of the mutants that the gate `mutants` tried, and how many it did not try. */
  mutants: z
    .strictObject({
      killed: Count,
      survived: Count,
      /** The tests reach the only case in which it differs, and the result is the same. */
      alike: Count,
      crashed: Count,
      /** The tests did not end with it. */
      stopped: Count,
      not_run: Count,
    })
    .optional(),
  /** The mutants that no test noticed; left out if there are none. */
  survivors: z.array(Survivor).optional(),
  /**
   * IDs of this change's mutants that, as a person confirmed, make no difference. Omitted if there are none.
   */
  confirmed: z.array(z.string()).optional(),
  /** Whose work the failure is about when it is not the stage's own: the tests'. */
  concerns: z.enum(["tests"]).optional(),
  duration_ms: Milliseconds,
  proved_at: Timestamp,
});
export type GateProof = z.infer<typeof GateProof>;
