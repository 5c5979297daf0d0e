import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { z } from "zod";
import type { GateProof } from "../../schemas/gates.ts";
import { Settings } from "../../schemas/settings.ts";
import { shippedPath, workerEntry } from "../../server/platform/installation.ts";
import { changeSince } from "../../server/proof/git-change.ts";
import { proveChange } from "../../server/proof/prove-change.ts";
import { runGit } from "../support/git.ts";
import { peers } from "./peers.ts";
import type { Report } from "./report.ts";

const FILES = 50;
const TESTS_PER_FILE = 20;
const SOURCE = "src/bill.js";
const TESTS = "test/split.test.js";
/** The lines of the source that the change writes. */
const LINES = { from: 20, to: 25 };

const before =
  "export const split = (cents, people) => Array.from({ length: people }, () => cents / people);";
const after = `export const split = (cents, people) => {
  if (people < 1) throw new RangeError("a bill is split among at least one person");
  const share = Math.floor(cents / people);
  const leftOver = cents % people;
  return Array.from({ length: people }, (_, index) => (index < leftOver ? share + 1 : share));
};`;

/** How long each gate takes on the sample's change, there and in a suite of 1,000 tests; and Stryker. */
export default async function run({ report }: Report): Promise<void> {
  const workspace = mkdtempSync(join(tmpdir(), "coditect-bench-"));
  try {
    cpSync(shippedPath("media", "sample"), workspace, { recursive: true });
    await makeChange(workspace);
    const proofs = await prove(workspace);
    reportGates(report, "the sample", proofs, 60);
    reportMutants(report, workspace, proofs);
    await addTests(workspace);
    reportGates(report, `${FILES * TESTS_PER_FILE} tests`, await prove(workspace), null);
  } finally {
    rmSync(workspace, { recursive: true, force: true, maxRetries: 3 });
  }
}

const write = (path: string, text: string): void => {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
};

const makeChange = async (workspace: string): Promise<void> => {
  await runGit(workspace, "init", "-q");
  await runGit(workspace, "add", ".");
  await runGit(workspace, "commit", "-qm", "sample");
  const source = join(workspace, SOURCE);
  writeFileSync(source, readFileSync(source, "utf8").replace(before, after));
  cpSync(shippedPath("media", "rehearsal", "tdd", "split.test.js"), join(workspace, TESTS));
};

/** Commits what is there, but for the change. */
const addTests = async (workspace: string): Promise<void> => {
  const check = (file: number, test: number): string =>
    `it("adds up ${test}", () => assert.equal(total([{ price: ${file}, quantity: ${test} }]), ${file * test}));`;
  for (let file = 1; file <= FILES; file += 1)
    write(
      join(workspace, "test", "suite", `total-${file}.test.js`),
      [
        'import assert from "node:assert/strict";',
        'import { it } from "node:test";',
        'import { total } from "../../src/bill.js";',
        ...Array.from({ length: TESTS_PER_FILE }, (_, test) => check(file, test)),
        "",
      ].join("\n"),
    );
  await runGit(workspace, "add", "test/suite");
  await runGit(workspace, "commit", "-qm", "suite");
};

const prove = async (workspace: string): Promise<GateProof[]> => {
  const { signal } = new AbortController();
  const change = await changeSince(workspace, "HEAD", signal);
  const { proofs } = await proveChange(
    change,
    {
      settings: Settings.parse({ unconfined: "allow" }),
      worker: workerEntry(),
      log: () => undefined,
      notice: () => undefined,
      workspace,
      runtime: "Local",
      image: null,
      test_command: null,
      proven: () => undefined,
    },
    signal,
  );
  const failed = proofs.find(({ held }) => !held);
  if (failed !== undefined) throw new Error(`${failed.gate} did not hold: ${failed.reason}`);
  return proofs;
};

/** Gates that the referee added to those that a run of tests needs anyway. */
const added = new Set(["needed", "mutants", "stable"]);
const seconds = (proofs: readonly GateProof[]): number =>
  proofs.reduce((sum, { duration_ms }) => sum + duration_ms, 0) / 1000;

const reportGates = (
  report: Report["report"],
  where: string,
  proofs: readonly GateProof[],
  most: number | null,
): void => {
  for (const proof of proofs)
    report({
      name: `${where}: ${proof.gate}`,
      value: proof.duration_ms / 1000,
      unit: "s",
      against: null,
      goal: "",
      holds: null,
    });
  const sum = seconds(proofs.filter(({ gate }) => added.has(gate)));
  report({
    name: `${where}: needed, mutants and stable together`,
    value: sum,
    unit: "s",
    against: { name: "all other gates", value: seconds(proofs.filter(({ gate }) => !added.has(gate))) },
    goal: most === null ? "" : `under ${most} s`,
    holds: most === null ? null : sum < most,
  });
};

const reportMutants = (report: Report["report"], workspace: string, proofs: readonly GateProof[]): void => {
  const proof = proofs.find(({ gate }) => gate === "mutants");
  if (proof?.mutants === undefined) throw new Error("the gate mutants tried none");
  const { not_run: _, ...tried } = proof.mutants;
  const count = Object.values(tried).reduce((sum, each) => sum + each, 0);
  const stryker = strykerOn(workspace);
  report({
    name: "mutants tried per second, with the dry run",
    value: count / (proof.duration_ms / 1000),
    unit: "mutants/s",
    against: stryker === null ? null : { name: "Stryker", value: stryker.mutants / stryker.seconds },
    goal: "not slower than Stryker on the same lines and tests",
    holds: stryker === null ? null : count / (proof.duration_ms / 1000) >= stryker.mutants / stryker.seconds,
  });
};

/** Stryker's command runner on the same lines and tests, two mutants at once; null: it is not installed. */
const strykerOn = (workspace: string): { mutants: number; seconds: number } | null => {
  let program: string;
  try {
    program = join(dirname(peers.resolve("@stryker-mutator/core/package.json")), "bin", "stryker.js");
  } catch {
    return null;
  }
  const report = join(workspace, "reports", "mutation", "mutation.json");
  write(
    join(workspace, "stryker.config.json"),
    JSON.stringify({
      mutate: [`${SOURCE}:${LINES.from}-${LINES.to}`],
      testRunner: "command",
      commandRunner: { command: `node --test ${TESTS}` },
      concurrency: 2,
      reporters: ["json"],
      checkers: [],
      // As here: patterns are not mutated.
      mutator: { excludedMutations: ["Regex"] },
      allowEmpty: true,
    }),
  );
  const started = performance.now();
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, "run"], {
    cwd: workspace,
    encoding: "utf8",
  });
  const took = (performance.now() - started) / 1000;
  if (status !== 0) throw new Error(`Stryker failed: ${stdout}${stderr}`);
  const { files } = Mutations.parse(JSON.parse(readFileSync(report, "utf8")));
  const mutants = Object.values(files).flatMap((file) => file.mutants);
  for (const path of ["stryker.config.json", "reports", ".stryker-tmp"])
    rmSync(join(workspace, path), { recursive: true, force: true });
  return { mutants: mutants.filter(({ status: fate }) => fate !== "Ignored").length, seconds: took };
};

const Mutations = z.object({
  files: z.record(z.string(), z.object({ mutants: z.array(z.object({ status: z.string() })) })),
});
