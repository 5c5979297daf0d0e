import type { FileChange } from "../../schemas/changes.ts";
import type { GateName, GateProof } from "../../schemas/gates.ts";
import type { TestLayout } from "../../schemas/test-layout.ts";
import type { ProvingGround } from "../executions/execution-request.ts";
import { prove, type FileHashes, type GateContext } from "../teams/gates/gate.ts";
import { proveGates } from "../teams/gates/gates.ts";
import { presentIn, suiteWithinTime } from "../teams/gates/long-suite.ts";
import { newTestFiles } from "../teams/gates/test-run.ts";
import { keptStrength } from "./kept-strength.ts";
import { classifyPath } from "../workspace/classify.ts";
import { decodeText, fromFileContent } from "../workspace/encoding.ts";
import { createHash } from "node:crypto";

/** A change that is judged, whoever made it. */
export interface JudgedChange {
  /** From the state before it; `before` hashes that state. */
  changes: readonly FileChange[];
  /** Text of a file before the change, or null. */
  readBase: (path: string) => Promise<string | null>;
  /** Which files of the workspace are tests. */
  layout: TestLayout;
}

const hashOf = (change: FileChange): string | null =>
  change.content === null ? null : createHash("sha256").update(fromFileContent(change.content)).digest("hex");

const hashesOf = (changes: readonly FileChange[]): FileHashes =>
  new Map(changes.map((change) => [change.path, hashOf(change)]));

const isOfTests = ({ path }: FileChange, layout: TestLayout): boolean => {
  const kind = classifyPath(path, layout);
  return kind === "test" || kind === "test-config";
};

/** Gates of a change that brings tests, after `red`; and of one that has to do with those there are. */
const withTests: readonly GateName[] = ["green", "clean", "needed", "mutants", "stable"];
const withoutTests: readonly GateName[] = ["clean", "mutants"];

/**
 * Judges a change by its gates: its tests on the state before it (`red`), then the whole of it. A
 * change without new tests is a refactoring as far as anybody can measure: the tests there are must
 * pass and notice its mutants. Stops at the first gate that does not hold.
 */
export const judge = async (
  change: JudgedChange,
  ground: ProvingGround,
  options: {
    now: () => string;
    signal: AbortSignal;
    proven: (proof: GateProof) => void;
    mutantsThreshold: number;
    equivalents: GateContext["equivalents"];
    budgetMs: number;
    /** The test files that the change can affect, according to imports. */
    affectedTests: () => Promise<string[]>;
    /** The sources that these test files import, directly or not. */
    testedSources: (
      tests: readonly string[],
      read: (path: string) => Promise<string | null>,
    ) => Promise<string[]>;
    gates?: readonly GateName[];
  },
): Promise<GateProof[]> => {
  const { now, signal, proven } = options;
  const tests = change.changes.filter((each) => isOfTests(each, change.layout));
  const newFiles = newTestFiles({ after: hashesOf(change.changes), layout: change.layout });
  const suite = suiteWithinTime(ground, {
    whole: async () => {
      await ground.prepare([]);
      return ground.runTests({ files: null, coverage: false });
    },
    affected: async () => [...new Set([...newFiles, ...(await options.affectedTests())])].sort(),
    edited: () => presentIn(change.readBase, newFiles),
  });
  const contextOf = (changes: readonly FileChange[], red: GateProof | null): GateContext => {
    const texts = new Map(changes.map((each) => [each.path, each]));
    const readText = async (path: string): Promise<string | null> => {
      const changed = texts.get(path);
      if (changed === undefined) return change.readBase(path);
      return changed.content === null ? null : (decodeText(fromFileContent(changed.content))?.text ?? null);
    };
    return {
      ...suite,
      layout: change.layout,
      changes,
      wholeChange: change.changes,
      after: hashesOf(changes),
      before: new Map(),
      provenRed: red === null ? null : hashesOf(tests),
      provenTests: red?.tests ?? null,
      heldBack: { changes: [], proven: [] },
      affectedTests: options.affectedTests,
      testedSources: (paths) => options.testedSources(paths, readText),
      findings: [],
      allowTestChanges: false,
      mutantsThreshold: options.mutantsThreshold,
      equivalents: options.equivalents,
      budgetMs: options.budgetMs,
      mayRemoveTests: false,
      readText,
      readBase: change.readBase,
      exists: async (path) => (await readText(path)) !== null,
      now,
      signal,
    };
  };
  const wanted = (names: readonly GateName[]) =>
    options.gates === undefined ? names : names.filter((name) => options.gates?.includes(name));
  if (newFiles.length === 0) return proveGates(wanted(withoutTests), contextOf(change.changes, null), proven);
  const [red] = await proveGates(["red"], contextOf(tests, null), proven);
  if (red === undefined) return [];
  if (!red.held) return [red];
  const before = await suite.baseline();
  const kept = await prove("untouched", keptStrength(before, red), contextOf(change.changes, red));
  proven(kept);
  if (!kept.held) return [red, kept];
  const rest = red.tests?.proven.length === 0 && red.runner !== "command" ? withoutTests : withTests;
  return [red, kept, ...(await proveGates(wanted(rest), contextOf(change.changes, red), proven))];
};
