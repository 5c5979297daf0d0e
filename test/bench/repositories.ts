import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Settings } from "../../schemas/settings.ts";
import { testsIn } from "../../server/executions/run-tests.ts";
import { workerEntry } from "../../server/platform/installation.ts";
import { withTestInstance } from "../../server/proof/test-instance.ts";
import { RehearsalScript } from "../../server/rehearsal/script.ts";
import { startRehearsal } from "../../server/rehearsal/server.ts";
import { changed, PACKAGES, SUITE, TESTS, writeMonorepo } from "./repositories/monorepo.ts";
import { countSuiteRuns } from "./repositories/suite-runs.ts";
import { median, type Report } from "./report.ts";
import { runTeam } from "./teams/run-team.ts";

const SAMPLES = 3;
const TIMEOUT_SECONDS = 1800;
const GOAL = 1.1;

/** What tests cost in a repository of many packages: the copy, a run in an instance, a whole team. */
export default async function run({ report }: Report): Promise<void> {
  const workspace = mkdtempSync(join(tmpdir(), "coditect-bench-"));
  const scratch = mkdtempSync(join(tmpdir(), "coditect-bench-"));
  try {
    tell(`${PACKAGES} packages with ${TESTS} tests: ${4 * SAMPLES} runs of the suite, then the TDD team`);
    await writeMonorepo(workspace);
    const plain = await reportRuns({ report }, workspace, scratch);
    await reportTeam({ report }, workspace, plain);
  } finally {
    for (const folder of [workspace, scratch])
      rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** Tells on standard error what is done, because the figures come only after the last sample. */
const tell = (what: string): void => {
  process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${what}\n`);
};

const secondsSince = (started: number): number => (performance.now() - started) / 1000;

/** Runs the project's own command as a person does. Returns seconds. */
const runPlain = async (workspace: string, ...flags: string[]): Promise<number> => {
  const started = performance.now();
  const npm = flags.length === 0 ? ["npm", "test"] : [process.execPath, "--test", ...flags, SUITE];
  const [program = "", ...args] = npm;
  const { stdout } = await promisify(execFile)(program, args, {
    cwd: workspace,
    maxBuffer: 64 * 1024 * 1024,
    timeout: TIMEOUT_SECONDS * 1000,
  });
  if (!stdout.includes(`pass ${TESTS}`)) throw new Error(`the plain run failed: ${stdout}`);
  return secondsSince(started);
};

const plainCoverage = "--experimental-test-coverage";

interface Samples {
  plain: number[];
  covered: number[];
  inInstance: number[];
  coveredInInstance: number[];
  copies: number[];
}

/** Plain runs and runs in an instance take turns, so that other work on the machine meets both. */
const sampleRuns = (workspace: string, scratch: string): Promise<Samples> => {
  const { signal } = new AbortController();
  const samples: Samples = { plain: [], covered: [], inInstance: [], coveredInInstance: [], copies: [] };
  const options = {
    settings: Settings.parse({ unconfined: "allow" }),
    worker: workerEntry(),
    log: () => undefined,
    notice: () => undefined,
    ...{ workspace, scratch, runtime: "Local" as const, image: null, name: "Bench" },
  };
  return withTestInstance(options, signal, async (instance) => {
    const runTests = testsIn(instance, { command: null, timeout: TIMEOUT_SECONDS }, signal);
    const keep = (into: number[], what: string, seconds: number): void => {
      into.push(seconds);
      tell(`sample ${into.length} of ${SAMPLES}: ${what} took ${seconds.toFixed(1)} s`);
    };
    const timed = async (into: number[], what: string, work: () => Promise<unknown>): Promise<void> => {
      const started = performance.now();
      await work();
      keep(into, what, secondsSince(started));
    };
    const whole = async (coverage: boolean): Promise<void> => {
      const { counts, output } = await runTests({ files: null, coverage });
      if (counts.passed !== TESTS)
        throw new Error(`${counts.passed} tests passed in the instance: ${output}`);
    };
    for (let sample = 0; sample < SAMPLES; sample += 1) {
      await timed(samples.copies, "the copy", () =>
        instance.call("workspace/prepare", { overlays: [], changes: [] }, signal),
      );
      keep(samples.plain, "npm test", await runPlain(workspace));
      await timed(samples.inInstance, "the run in an instance", () => whole(false));
      keep(samples.covered, "node --test with coverage", await runPlain(workspace, plainCoverage));
      await timed(samples.coveredInInstance, "the run in an instance with coverage", () => whole(true));
    }
    return samples;
  });
};

/** Returns the seconds of a plain run. */
const reportRuns = async ({ report }: Report, workspace: string, scratch: string): Promise<number> => {
  const { copies, ...samples } = await sampleRuns(workspace, scratch);
  const [first = 0, ...later] = copies;
  report({
    name: `private copy of ${PACKAGES} packages`,
    value: first,
    unit: "s",
    against: null,
    goal: "",
    holds: null,
  });
  report({
    name: "the copy, made equal again",
    value: median(later),
    unit: "s",
    against: null,
    goal: "",
    holds: null,
  });
  const compare = (name: string, own: readonly number[], peer: readonly number[], peerName: string): void => {
    const [value, floor] = [median(own), median(peer)];
    report({
      name,
      value,
      unit: "s",
      against: { name: peerName, value: floor },
      goal: "overhead under 10 %",
      holds: value < floor * GOAL,
    });
  };
  compare(`${TESTS} tests in an instance`, samples.inInstance, samples.plain, "npm test");
  compare(
    `${TESTS} tests in an instance, with coverage`,
    samples.coveredInInstance,
    samples.covered,
    `node --test ${plainCoverage}`,
  );
  return median(samples.plain);
};

const finish = { tool: "finish", arguments: { summary: "Done.", confidence: 1, completeness: 1 } };
const halves = [
  'import assert from "node:assert/strict";',
  'import { it } from "node:test";',
  'import * as part from "../src/index.js";',
  "",
  'it("halves an even number", () => assert.equal(part.halve?.(8), 4));',
  'it("halves an odd number", () => assert.equal(part.halve?.(7), 3.5));',
  "",
].join("\n");

const script = RehearsalScript.parse({
  task: "Add halve(), which halves a number.",
  agents: {
    TestWriter: [
      { tool_calls: [{ tool: "write_file", arguments: { path: changed.tests, content: halves } }] },
      { tool_calls: [finish] },
    ],
    Coder: [
      {
        tool_calls: [
          {
            tool: "edit_file",
            arguments: {
              path: changed.source,
              old_text: "export const add =",
              new_text: "export const halve = (value) => value / 2;\nexport const add =",
            },
          },
        ],
      },
      { tool_calls: [finish] },
    ],
    Reviewer: [{ tool_calls: [finish] }],
    Security: [{ tool_calls: [finish] }],
    QualityControl: [{ tool_calls: [finish] }],
  },
});

/** The TDD team on one package: what each gate takes, and how often it runs the whole suite. */
const reportTeam = async ({ report }: Report, workspace: string, plain: number): Promise<void> => {
  const server = await startRehearsal([script]);
  const runs = countSuiteRuns(SUITE);
  try {
    const started = performance.now();
    const { proofs } = await runTeam({
      proved: ({ gate, stage, duration_ms }) => {
        tell(`the TDD team: ${stage}: ${gate} took ${(duration_ms / 1000).toFixed(1)} s`);
      },
      ...{ workspace, endpoint: server.endpoint },
      ...{ file: changed.source, task: script.task },
    });
    const took = secondsSince(started);
    for (const { gate, stage, duration_ms } of proofs)
      report({
        name: `${stage}: ${gate}`,
        value: duration_ms / 1000,
        unit: "s",
        against: { name: "npm test", value: plain },
        goal: "",
        holds: null,
      });
    const against = { name: "npm test", value: plain };
    report({ name: "the TDD team as a whole", value: took, unit: "s", against, goal: "", holds: null });
    const count = runs.stop();
    if (count !== null)
      report({
        name: "runs of the whole suite",
        value: count,
        unit: "runs",
        against: null,
        goal: "once before the run, and once in each stage that writes or ends",
        holds: count <= 4,
      });
  } finally {
    runs.stop();
    await server.close();
  }
};
