import { byNames } from "../../../schemas/test-layout.ts";
import assert from "node:assert/strict";
import type { TestReport } from "../../../schemas/tests.ts";
import type { GateContext } from "../../../server/teams/gates/gate.ts";
import type { Fate } from "../../../server/teams/gates/fate.ts";
import { mutants } from "../../../server/teams/gates/mutants.ts";
import { verdict } from "../../../server/teams/gates/mutants-verdict.ts";
import { testReport } from "../../support/reports.ts";

const source = "export const double = (value) => value * 2;\nexport const half = (value) => value / 2;\n";

const report = (passed: boolean): TestReport =>
  testReport({
    command: ["node", "--test"],
    outcome: passed ? "passed" : "failed",
    exit_code: passed ? 0 : 1,
    counts: { passed: passed ? 1 : 0, failed: passed ? 0 : 1, skipped: 0 },
    tests: [
      {
        file: "test/a.test.js",
        name: "doubles",
        status: passed ? "passed" : "failed",
        duration_ms: 1,
        message: passed ? null : "1 !== 2",
        ...(passed ? {} : { failure: "assertion" as const }),
      },
    ],
  });

/** A change of one source, whose tests notice mutants of its first line alone. */
const context = (mutantsThreshold: number): GateContext => ({
  ground: {
    prepare: () => Promise.resolve(),
    runTests: ({ probe }) => {
      const mutant = probe?.mutant ?? null;
      return Promise.resolve(report(mutant === null || Number(mutant) >= 2));
    },
  },
  changes: [
    { path: "src/a.js", before: null, content: { encoding: "utf8", data: source }, executable: false },
  ],
  wholeChange: null,
  part: () => null,
  after: new Map([
    ["src/a.js", "hash"],
    ["test/a.test.js", "hash"],
  ]),
  before: new Map(),
  provenRed: null,
  provenTests: null,
  heldBack: { changes: [], proven: [] },
  baseline: () => Promise.resolve(report(true)),
  findings: [],
  allowTestChanges: false,
  mutantsThreshold,
  equivalents: new Map(),
  budgetMs: 45_000,
  mayRemoveTests: false,
  readText: (path) => Promise.resolve(path === "src/a.js" ? source : null),
  readBase: () => Promise.resolve(null),
  layout: byNames,
  exists: () => Promise.resolve(true),
  now: () => "2026-01-31T12:00:00.000Z",
  signal: AbortSignal.timeout(60_000),
});

describe("the gate mutants", () => {
  it("holds from the share on that the setting asks for, and names what survives", async () => {
    const [loose, strict] = [await mutants(context(0.5)), await mutants(context(0.9))];
    assert.deepEqual([loose.held, strict.held], [true, false]);
    assert.match(strict.reason, /notice 2 of 4 mutants of the changed lines \(50 %, 90 % are needed\)/);
    assert.match(strict.evidence?.[0] ?? "", /^src\/a\.js:2 survives /);
    assert.equal(strict.concerns, "tests");
    const none = { alike: 0, crashed: 0, stopped: 0, not_run: 0 };
    assert.deepEqual(strict.mutants, { ...none, killed: 2, survived: 2 });
  });

  it("does not hold if the project does not build with the mutants in it", async () => {
    const errors = [{ name: "npm run build failed", message: "a.ts:1" }];
    const unbuilt = { ...report(true), errors };
    const { ground, ...rest } = context(0.5);
    const proof = await mutants({ ...rest, ground: { ...ground, runTests: () => Promise.resolve(unbuilt) } });
    assert.equal(proof.held, false);
    assert.match(proof.reason, /cannot run with the mutants.*npm run build failed/);
    const failedBefore = { ...rest, baseline: () => Promise.resolve(unbuilt), ground };
    assert.equal((await mutants(failedBefore)).held, true);
  });

  it("does not hold if the time was not enough to judge a single mutant", async () => {
    const proof = await mutants({ ...context(0.5), budgetMs: 0 });
    assert.equal(proof.held, false);
    assert.match(proof.reason, /^The time was not enough to judge any mutant .*4 were not run/);
  });

  it("counts the mutants that no test reaches in proportion if the time is up before the others are tried", async () => {
    const all = ["0", "1", "2", "3", "4"].map((id) => ({
      ...{ id, path: "src/a.js", line: 1, end_line: 1, kind: "return", replacement: "" },
    }));
    const judged = async (last: Fate, first: Fate = "killed") => {
      const others = new Map<string, Fate>(["2", "3", "4"].map((id) => [id, last]));
      const fates = new Map<string, Fate>([["0", "survived"], ["1", first], ...others]);
      const run = { dry: report(true), own: ["test/a.test.js"], unreached: new Set(["0"]) };
      return verdict(context(0.8), all, fates, run);
    };
    const early = await judged("not run");
    assert.deepEqual([early.held, (await judged("killed")).held], [true, true]);
    assert.match(
      early.reason,
      /notice 1 of 2 mutants .*about 80 % of all.*no test reaches 1.*3 were not run/,
    );
    assert.equal((await judged("survived")).held, false);
    const none = await judged("not run", "not run");
    assert.match(none.reason, /notice 0 of 1 mutant .*\(0 %, 80 % are needed\)/);
    assert.equal(none.held, false);
  });

  for (const [how, outcome] of [
    ["crashed", "crashed"],
    ["did not end", "timed_out"],
  ] as const)
    it(`does not hold if every mutant ${how}`, async () => {
      const { ground, ...rest } = context(0.5);
      const runTests: typeof ground.runTests = ({ probe }) =>
        Promise.resolve(
          probe?.mutant == null ? report(true) : { ...report(true), outcome, exit_code: null, tests: [] },
        );
      const proof = await mutants({ ...rest, ground: { ...ground, runTests } });
      assert.equal(proof.held, false);
      assert.equal(
        proof.reason,
        `The tests were not able to judge any mutant of the changed lines; 4 ${how}.`,
      );
    });

  it("gives two mutants with the same text on one line different IDs", async () => {
    const text = 'export const double = (value) => (value === "a" ? "b" : "c");\n';
    const one = context(0.9);
    const { survivors = [] } = await mutants({
      ...one,
      ground: { ...one.ground, runTests: () => Promise.resolve(report(true)) },
      changes: [
        { path: "src/a.js", before: null, content: { encoding: "utf8", data: text }, executable: false },
      ],
      readText: (path) => Promise.resolve(path === "src/a.js" ? text : null),
    });
    assert.equal(survivors.filter(({ what }) => what === 'StringLiteral: ""').length, 3);
    assert.equal(new Set(survivors.map(({ id }) => id)).size, survivors.length);
  });

  it("does not take a confirmation for the same line in another place of the file", async () => {
    const idsOf = async (text: string): Promise<string[]> => {
      const one = context(0.9);
      const { survivors = [] } = await mutants({
        ...one,
        ground: { ...one.ground, runTests: () => Promise.resolve(report(true)) },
        changes: [
          { path: "src/a.js", before: null, content: { encoding: "utf8", data: text }, executable: false },
        ],
        readText: (path) => Promise.resolve(path === "src/a.js" ? text : null),
      });
      return survivors.map(({ id }) => id);
    };
    const inFunction = (name: string): string => `function ${name}(x) {\n  return x < 1;\n}\n`;
    const [first, second] = [await idsOf(inFunction("one")), await idsOf(inFunction("other"))];
    assert.ok(first.length > 0 && second.length > 0);
    assert.deepEqual(
      first.filter((id) => second.includes(id)),
      [],
    );
    assert.deepEqual(await idsOf(`\n\n${inFunction("one")}`), first);
  });

  it("does not count mutants that a person confirmed to make no difference, and says who confirmed them", async () => {
    const { survivors = [] } = await mutants(context(0.9));
    const [first, second] = survivors.map(({ id }) => id);
    assert.ok(first !== undefined && second !== undefined && first !== second);
    const said = { argued_by: "TestWriter", confirmed_by: "ada" };
    const unargued = new Map([[first, { argued_by: null, confirmed_by: "ada" }]]);
    const one = await mutants({ ...context(0.9), equivalents: unargued });
    assert.deepEqual([one.held, one.survivors?.map(({ id }) => id)], [false, [second]]);
    assert.deepEqual(one.confirmed, [first]);
    assert.match(one.reason, /1 makes no difference, of these 1 was confirmed by ada/);
    assert.match(one.evidence?.[1] ?? "", /^src\/a\.js:2 with .* no difference: confirmed by ada$/);
    const equivalents = new Map([
      [first, said],
      [second, said],
    ]);
    const both = await mutants({ ...context(0.9), equivalents });
    assert.deepEqual([both.held, both.survivors, both.mutants?.alike], [true, undefined, 2]);
    assert.match(
      both.reason,
      /2 make no difference, of these 2 were argued by TestWriter and confirmed by ada/,
    );
    assert.match(both.evidence?.[0] ?? "", /^src\/a\.js:2 with .* argued by TestWriter, confirmed by ada$/);
  });
});
