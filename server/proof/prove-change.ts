import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Finding } from "../../schemas/findings.ts";
import type { GateProof } from "../../schemas/gates.ts";
import type { ProofPlace } from "../../schemas/receipt.ts";
import type { ProvingGround } from "../executions/execution-request.ts";
import { openedFiles } from "../executions/opened-files.ts";
import { testsIn } from "../executions/run-tests.ts";
import { affectedTests } from "../context/affected-tests.ts";
import { testedSources } from "../context/tested-sources.ts";
import { equivalentsOf } from "../teams/gates/equivalents.ts";
import type { Equivalent } from "../teams/gates/gate.ts";
import { testLayoutIn } from "../workspace/test-layout.ts";
import { onTopOf, type GitChange } from "./git-change.ts";
import { judge } from "./judge.ts";
import { tellingWhatTestsLack } from "./proving-ground.ts";
import { withTestInstance, type TestInstanceOptions } from "./test-instance.ts";

export interface ProveOptions extends Omit<TestInstanceOptions, "scratch" | "name"> {
  test_command: string | null;
  /** Paths of environment files that the user allowed tests to read. */
  opened_files?: readonly string[];
  /** The mutants that a person confirmed to make no difference. */
  confirmed?: readonly { finding: Finding; argued_by: string }[];
  /** Mutants that the user of this proof confirms as making no difference, by ID. */
  equivalents?: ReadonlyMap<string, Equivalent>;
  /** Told of each proof at once. */
  proven: (proof: GateProof) => void;
}

/** The proofs of a change, and where its tests ran. */
export interface ProvenChange {
  proofs: GateProof[];
  ran_in: ProofPlace;
}

const equivalentsIn = (confirmed: NonNullable<ProveOptions["confirmed"]>) => {
  const names = new Map(confirmed.map(({ finding, argued_by }) => [finding.finding_id, argued_by]));
  return equivalentsOf(
    confirmed.map(({ finding }) => finding),
    ({ finding_id }) => names.get(finding_id) ?? "an agent",
  );
};

/**
 * Proves a change of a workspace, whoever made it: in an instance as agents have it, on private copies
 * of the state before and after. The workspace itself is only read. No model is asked.
 */
export const proveChange = async (
  change: GitChange,
  options: ProveOptions,
  signal: AbortSignal,
): Promise<ProvenChange> => {
  const scratch = await mkdtemp(join(tmpdir(), "coditect-proof-"));
  try {
    return await withTestInstance({ ...options, scratch, name: "Referee" }, signal, async (instance) => {
      const { proven, workspace, notice } = options;
      const runTests = testsIn(
        instance,
        { command: options.test_command, timeout: options.settings.test_timeout_seconds },
        signal,
      );
      // The workspace already contains the change, but its build output may be older.
      const touched = change.changes.map(({ path }) => path);
      const { opened_files = [] } = options;
      const opened = openedFiles(workspace, opened_files);
      const ground: ProvingGround = {
        prepare: async (changes) => {
          const whole = onTopOf(change.inverse, changes);
          const state = { overlays: [], changes: whole, ...(opened.length > 0 && { opened }) };
          await instance.call("workspace/prepare", state, signal);
        },
        runTests: (wanted) => runTests({ ...wanted, touched }),
      };
      const telling = tellingWhatTestsLack(ground, {
        ...{ workspace, changes: change.changes, notice },
        opened: opened_files,
      });
      const layout = await testLayoutIn(workspace, signal);
      const proofs = await judge({ ...change, layout }, telling, {
        now: () => new Date().toISOString(),
        signal,
        proven,
        equivalents: new Map([...equivalentsIn(options.confirmed ?? []), ...(options.equivalents ?? [])]),
        mutantsThreshold: options.settings.mutants_threshold,
        budgetMs: options.settings.gate_budget_seconds * 1000,
        affectedTests: () => affectedTests(workspace, touched, [], signal),
        testedSources: (tests, read) => testedSources(workspace, tests, { read, overlays: [], signal }),
      });
      const runtime = instance.record().metadata.runtime_type;
      return { proofs, ran_in: { runtime, sandboxed: instance.unconfinedReason === null } };
    });
  } finally {
    await rm(scratch, { recursive: true, force: true, maxRetries: 3 });
  }
};
