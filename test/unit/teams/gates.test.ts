import { byNames } from "../../../schemas/test-layout.ts";
import assert from "node:assert/strict";
import type { FileChange } from "../../../schemas/changes.ts";
import type { TestReport } from "../../../schemas/tests.ts";
import type { GateContext } from "../../../server/teams/gates/gate.ts";
import { feedbackOf, proveGates } from "../../../server/teams/gates/gates.ts";

type Test = [name: string, status: "passed" | "failed" | "skipped", file?: string, message?: string];

const report = (tests: Test[], more: Partial<TestReport> = {}): TestReport => {
  const passed = tests.filter(([, status]) => status === "passed").length;
  const failed = tests.filter(([, status]) => status === "failed").length;
  return {
    runner: "node:test",
    command: ["node", "--test"],
    outcome: failed > 0 ? "failed" : "passed",
    exit_code: failed > 0 ? 1 : 0,
    counts: { passed, failed, skipped: tests.length - passed - failed },
    tests: tests.map(([name, status, file = "test/bill.test.js", message = `${name} went wrong`]) => ({
      file,
      name,
      status,
      duration_ms: 1,
      message: status === "failed" ? message : null,
    })),
    load_errors: [],
    errors: [],
    parts: [],
    coverage: null,
    duration_ms: 10,
    output: "",
    ...more,
  };
};

/** The same tests where each assertion throws when it is reached; one called "empty" reaches none. */
const refused = (now: TestReport): TestReport => ({
  ...now,
  watched: true,
  outcome: "failed",
  tests: now.tests.map((test) =>
    test.name === "empty" ? test : { ...test, status: "failed", message: "refused", failure: "refused" },
  ),
});

const change = (path: string): FileChange => ({
  path,
  before: null,
  content: { encoding: "utf8", data: "" },
  executable: false,
});

/** A project of which the tests show `now` on the changes and `before` on the user's workspace. */
const context = (parts: {
  now: TestReport;
  /** What the whole suite shows; else the same. */
  suite?: TestReport;
  before?: TestReport;
  changed?: string[];
  red?: string[] | null;
  proven?: string[];
  allowTestChanges?: boolean;
  wholeChange?: FileChange[];
  asked?: (string[] | null)[];
}): GateContext => {
  const { changed = ["test/bill.test.js"], red = null } = parts;
  const hashes = (paths: string[]) => new Map(paths.map((path) => [path, `hash of ${path}`]));
  return {
    ground: {
      prepare: () => Promise.resolve(),
      runTests: ({ files, probe }) => {
        if (probe?.refuse_assertions === true) return Promise.resolve(refused(parts.now));
        parts.asked?.push(files);
        return Promise.resolve(files === null ? (parts.suite ?? parts.now) : parts.now);
      },
    },
    changes: changed.map(change),
    mutantsThreshold: 0.8,
    equivalents: new Map(),
    budgetMs: 45_000,
    heldBack: { changes: [], proven: [] },
    wholeChange: parts.wholeChange ?? null,
    part: () => null,
    after: hashes(changed),
    before: new Map(),
    provenTests: parts.proven === undefined ? null : { proven: parts.proven, found: parts.proven },
    provenRed: red === null ? null : hashes(red),
    baseline: () => Promise.resolve(parts.before ?? report([["old", "passed", "test/old.test.js"]])),
    findings: [],
    allowTestChanges: parts.allowTestChanges ?? false,
    mayRemoveTests: true,
    readBase: () => Promise.resolve(null),
    layout: byNames,
    readText: () => Promise.resolve(null),
    exists: () => Promise.resolve(false),
    now: () => "2026-01-31T12:00:00.000Z",
    signal: AbortSignal.timeout(60_000),
  };
};

const prove = async (
  gate: "red" | "green" | "clean" | "needed" | "untouched" | "changed",
  from: GateContext,
) => {
  const [proof] = await proveGates([gate], from, () => undefined);
  assert.ok(proof);
  return proof;
};

describe("the gate red", () => {
  it("holds when a new test fails in its own assertion, and says which command showed it", async () => {
    const asked: (string[] | null)[] = [];
    const proof = await prove("red", context({ now: report([["adds", "failed"]]), asked }));
    assert.deepEqual(
      [proof.held, proof.command, proof.exit_code, proof.counts?.failed, proof.evidence],
      [true, ["node", "--test"], 1, 1, ["test/bill.test.js > adds\nadds went wrong"]],
    );
    assert.deepEqual(asked, [["test/bill.test.js"], null]);
  });

  describe("with a test file that cannot be loaded", () => {
    const unloaded = (message: string) =>
      report([], { outcome: "load_error", load_errors: [{ file: "test/bill.test.js", message }] });
    const texts: Record<string, string> = {
      "src/bill.js": 'export const pay = () => {\n  throw new Error("Write this function");\n};\n',
      "src/tax.js": "export const tax = (lines) => lines.length;\n",
      "shop/bill.py": "def pay():\n    raise NotImplementedError\n",
    };
    const proven = (message: string) =>
      prove("red", {
        ...context({ now: unloaded(message) }),
        readText: (path) => Promise.resolve(texts[path] ?? null),
      });
    const stack = (...places: string[]): string =>
      ["Error: Write this function", ...places.map((place) => `    at pay (${place}:5)`)].join("\n");

    it("holds where a function that is yet to be written throws while it loads", async () => {
      const proof = await proven(stack("src/bill.js:2", "test/bill.test.js:3"));
      assert.deepEqual([proof.held, proof.tests?.proven], [true, []]);
      assert.equal(proof.reason, "The new tests cannot run on today's code: src/bill.js:2 throws.");
      assert.ok(
        (
          await proven(
            "test/bill.py:3: in <module>\n    pay()\nshop/bill.py:2: in pay\nE  NotImplementedError",
          )
        ).held,
      );
    });

    it("holds where a source lacks a name that it imports", async () => {
      const node =
        "SyntaxError: The requested module '../src/tax.js' does not provide an export named 'rate'";
      assert.match((await proven(node)).reason, /src\/tax\.js lacks a name/);
      assert.ok(
        (await proven("ImportError: cannot import name 'rate' from 'shop.bill' (shop/bill.py)")).held,
      );
      const built = "The requested module '../dist/tax.js' does not provide an export named 'rate'";
      assert.match((await proven(built)).reason, /dist\/tax\.js lacks a name/);
    });

    for (const [what, message] of Object.entries({
      "the test file itself throws": stack("test/bill.test.js:3", "src/bill.js:2"),
      "the code fails at a line that throws nothing": stack("src/tax.js:1", "test/bill.test.js:3"),
      "the module is one that nobody has": "Cannot find module 'left-pad'",
      "the name is one of an installed package":
        "ImportError: cannot import name 'rate' from 'requests' (/usr/lib/python3/dist-packages/requests/__init__.py)",
      "the name is one of a package in the project":
        "ImportError: cannot import name 'rate' from 'tax' (.venv/lib/python3.12/site-packages/tax/__init__.py)",
      "the lacking module is a test":
        "The requested module './help.test.js' does not provide an export named 'a'",
      "its syntax is wrong": "SyntaxError: Unexpected token (test/bill.test.js:1)",
    }))
      it(`does not hold where ${what}`, async () => {
        assert.equal((await proven(message)).held, false);
      });
  });

  it("does not hold when the tests pass already", async () => {
    assert.equal((await prove("red", context({ now: report([["adds", "passed"]]) }))).held, false);
  });

  it("does not hold when the project's own test command never runs the new test", async () => {
    const suite = report([["old", "passed", "spec/old.spec.js"]], { command: ["npm", "test"] });
    const proof = await prove("red", context({ now: report([["adds", "failed"]]), suite }));
    assert.equal(proof.held, false);
    assert.match(
      proof.reason,
      /\(npm test\) does not run test\/bill\.test\.js: .* as it runs spec\/old\.spec\.js/,
    );
  });

  it("does not judge by packages below a project whose own test command breaks", async () => {
    const suite = report([["old", "passed", "shop/old.test.js"]], { without_own_command: true });
    const proof = await prove("red", context({ now: report([["adds", "failed"]]), suite }));
    assert.equal(proof.held, true, proof.reason);
  });

  it("takes a test that cannot be loaded for want of what the change brings, by its later name", async () => {
    const missing = (message: string) =>
      report([], { outcome: "load_error", load_errors: [{ file: "test/bill.test.js", message }] });
    const whole = [change("test/bill.test.js"), change("src/tax.js")];
    const runs = [
      missing("Error: Cannot find module '/home/me/shop/src/tax.js' imported from test/bill.test.js"),
      report([["adds tax", "passed"]]),
    ];
    const from = context({ now: report([]), wholeChange: whole });
    const ground = {
      ...from.ground,
      runTests: () => Promise.resolve(runs.shift() ?? assert.fail("ran more often than it has to")),
    };
    const proof = await prove("red", { ...from, ground });
    assert.deepEqual(
      [proof.held, proof.tests?.proven, proof.evidence],
      [true, ["test/bill.test.js > adds tax"], ["cannot run without tax: test/bill.test.js > adds tax"]],
    );
  });

  for (const [why, message] of [
    ["of a module that the change does not bring", "Error: Cannot find module 'left-pad'"],
    ["of another error", "SyntaxError: Unexpected token '}' in src/tax.js"],
  ])
    it(`does not take a test that cannot be loaded because ${why}`, async () => {
      const load_errors = [{ file: "test/bill.test.js", message: message ?? "" }];
      const now = report([], { outcome: "load_error", load_errors });
      const wholeChange = [change("test/bill.test.js"), change("src/tax.js")];
      assert.equal((await prove("red", context({ now, wholeChange }))).held, false);
    });

  it("does not run a long suite for that", async () => {
    const asked: (string[] | null)[] = [];
    const before = report([["old", "passed"]], { duration_ms: 61_000 });
    await prove("red", context({ now: report([["adds", "failed"]]), before, asked }));
    assert.deepEqual(asked, [["test/bill.test.js"]]);
  });

  it("does not hold when the new test only waits for its snapshot to be written", async () => {
    const message = "New snapshot was not written. The update flag must be explicitly passed to write";
    const now = report([["greets", "failed", "test/bill.test.js", message]]);
    const proof = await prove("red", context({ now }));
    assert.equal(proof.held, false);
    assert.match(proof.reason, /snapshots are not written yet/);
  });

  it("does not take a command that failed before for a failing test", async () => {
    const failing = report([["npm test", "failed", ""]], { runner: "command" });
    const passing = report([["npm test", "passed", ""]], { runner: "command" });
    assert.equal((await prove("red", context({ now: failing, before: failing }))).held, false);
    assert.equal((await prove("red", context({ now: failing, before: passing }))).held, true);
  });

  it("sees that a second test of one name fails", async () => {
    const before = report([
      ["same", "failed"],
      ["same", "passed"],
    ]);
    const now = report([
      ["same", "failed"],
      ["same", "failed"],
    ]);
    assert.equal((await prove("red", context({ now, before }))).held, true);
  });

  it("does not hold when the tests cannot be loaded", async () => {
    const load_errors = [{ file: "test/bill.test.js", message: "no export named split" }];
    const now = report([], { outcome: "load_error", exit_code: 1, load_errors });
    const proof = await prove("red", context({ now }));
    assert.equal(proof.held, false);
    assert.match(feedbackOf([proof]), /no export named split/);
  });

  it("names tests without a file by their name alone", async () => {
    const now = report([
      ["adds", "failed", ""],
      ["works", "passed", ""],
    ]);
    const { evidence } = await prove("red", context({ now }));
    assert.deepEqual(evidence, ["adds\nadds went wrong", "passes already: works"]);
  });

  it("does not hold when the build leaves out one of the new test files", async () => {
    const left_out = [{ file: "test/bill.test.js", reason: "no `mod` names it, so Cargo does not build it" }];
    const proof = await prove(
      "red",
      context({ now: report([["adds", "failed", "test/a.rs"]], { left_out }) }),
    );
    assert.deepEqual([proof.held, proof.reason], [false, "No test of test/bill.test.js ran."]);
    assert.match(feedbackOf([proof]), /test\/bill\.test\.js: no `mod` names it/);
  });

  it("does not count a test that failed before the run", async () => {
    const same = report([["flaky", "failed"]]);
    assert.equal((await prove("red", context({ now: same, before: same }))).held, false);
  });

  it("does not hold when no test file was added or changed", async () => {
    const proof = await prove("red", context({ now: report([]), changed: ["src/bill.js"] }));
    assert.deepEqual([proof.held, proof.command], [false, null]);
  });

  for (const outcome of ["no_tests", "timed_out", "crashed"] as const) {
    it(`does not hold when the run shows ${outcome}`, async () => {
      assert.equal(
        (await prove("red", context({ now: report([], { outcome, exit_code: null }) }))).held,
        false,
      );
    });
  }
});

describe("the gate green", () => {
  it("holds when the new tests pass", async () => {
    assert.equal((await prove("green", context({ now: report([["adds", "passed"]]) }))).held, true);
  });

  it("hands the failing test and its message to whoever has to mend it", async () => {
    const proof = await prove("green", context({ now: report([["adds", "failed"]]) }));
    assert.equal(proof.held, false);
    assert.match(feedbackOf([proof]), /Gate green did not hold: 1 test fails\.[\s\S]*adds went wrong/);
  });
});

describe("the gate green, around the tests", () => {
  const errors = [{ name: "Unhandled rejection: nobody waits", message: "at src/add.js:2" }];

  it("does not hold with an error outside of the tests", async () => {
    const now = report([["adds", "passed"]], { outcome: "failed", exit_code: 1, errors });
    const proof = await prove("green", context({ now }));
    assert.equal(proof.held, false);
    assert.match(feedbackOf([proof]), /1 error outside of the tests\.\n.*nobody waits/);
  });

  it("does not mind an error that was there before the run", async () => {
    const now = report([["adds", "passed"]], { outcome: "failed", exit_code: 1, errors });
    assert.equal((await prove("green", context({ now, before: now }))).held, true);
  });

  it("does not hold when the tests of a command pass on what was built before", async () => {
    const built = { runner: "command" as const, errors: [{ name: "npm run build failed", message: "" }] };
    const given = { now: report([], built), before: report([], { runner: "command" }) };
    const proof = await prove("green", context(given));
    assert.deepEqual([proof.held, proof.reason], [false, "1 error outside of the tests."]);
    assert.equal((await prove("green", context({ now: given.now, before: given.now }))).held, true);
  });

  it("does not hold when a file passed in which no test ran", async () => {
    const now = report([["test/bill.test.js", "passed"]]);
    const proof = await prove("green", context({ now }));
    assert.deepEqual([proof.held, proof.reason], [false, "The test files ended without running a test."]);
  });
});

describe("the gate needed", () => {
  const passed = report([["adds", "passed"]]);
  const proveOn = (now: TestReport) =>
    prove("needed", {
      ...context({ now, before: passed, changed: ["src/bill.js"] }),
      readBase: () => Promise.resolve("1;\n2;\n3;\n"),
      readText: () => Promise.resolve("one();\n2;\nthree();\n"),
    });

  it("names the pieces without which every test passes", async () => {
    const proof = await proveOn(passed);
    assert.equal(proof.held, false);
    assert.match(proof.reason, /^2 pieces of the change can be removed/);
  });

  it("counts a piece as needed without which the build fails", async () => {
    const errors = [{ name: "npm run build failed", message: "" }];
    assert.equal((await proveOn({ ...passed, errors })).held, true);
  });
});

describe("a failure that red stores for readers", () => {
  it("contains pytest's error although the text of the test before it is long", async () => {
    const test = `    def test_total():\n${"        add(1)\n".repeat(200)}`;
    const message = `${test}E       assert 1 == 2\n\ntest_bill.py:201: AssertionError`;
    const now = report([["test_total", "failed", "test_bill.py", message]]);
    const { evidence } = await prove("red", context({ now, changed: ["test_bill.py"] }));
    assert.deepEqual(evidence, ["test_bill.py > test_total\nE       assert 1 == 2"]);
  });
});

describe("the identity of tests", () => {
  const id = "test/bill.test.js > adds";

  it("is asked for by green: a test that was proven red and did not run is named", async () => {
    const proof = await prove("green", context({ now: report([["other", "passed"]]), proven: [id] }));
    assert.deepEqual([proof.held, proof.evidence], [false, [`did not run: ${id}`]]);
  });

  it("is asked for by clean, also in files that the change rewrote", async () => {
    const proof = await prove("clean", context({ now: report([["other", "passed"]]), proven: [id] }));
    assert.equal(proof.held, false);
    assert.ok(proof.evidence.includes(`gone: ${id}`));
  });

  it("is told by red for the gates to come", async () => {
    const proof = await prove("red", context({ now: report([["adds", "failed"]]) }));
    assert.deepEqual(proof.tests, { proven: [id], found: [id] });
  });
});

describe("a test that proves nothing", () => {
  it("is named by red when it passes already", async () => {
    const now = report([
      ["adds", "failed"],
      ["stays", "passed"],
    ]);
    const proof = await prove("red", context({ now }));
    assert.equal(proof.held, true);
    assert.ok(proof.evidence.includes("passes already: test/bill.test.js > stays"));
  });

  it("is refused by red when it reaches no assertion", async () => {
    const now = report([
      ["adds", "failed"],
      ["empty", "passed"],
    ]);
    const proof = await prove("red", context({ now }));
    assert.deepEqual([proof.held, proof.evidence[0]], [false, "cannot fail: test/bill.test.js > empty"]);
  });

  it("is not looked for where no witness watches", async () => {
    const from = context({ now: report([["adds", "passed"]]) });
    const ground = { ...from.ground, runTests: () => Promise.resolve(report([["adds", "passed"]])) };
    assert.equal((await prove("green", { ...from, ground })).held, true);
  });

  it("is refused by green, as a matter of the tests' author", async () => {
    const proof = await prove("green", context({ now: report([["empty", "passed"]]) }));
    assert.deepEqual([proof.held, proof.concerns], [false, "tests"]);
  });

  it("is refused by red when it fails by an error of its own", async () => {
    const now = report([["adds", "failed"]]);
    const tests = now.tests.map((test) => ({ ...test, failure: "error" as const }));
    const proof = await prove("red", context({ now: { ...now, tests } }));
    assert.equal(proof.held, false);
    assert.match(proof.reason, /with an error instead of a failed assertion/);
  });
});

describe("a file that tampers with its tests", () => {
  for (const gate of ["red", "green", "clean"] as const) {
    it(`is named by ${gate}, whatever the tests showed`, async () => {
      const tampering = [{ path: "src/bill.js", line: 3, what: "ends the process (process.exit)" }];
      const proof = await prove(gate, context({ now: report([["adds", "passed"]], { tampering }) }));
      assert.equal(proof.held, false);
      assert.match(proof.reason, /src\/bill\.js:3 ends the process/);
    });
  }
});

describe("the gate clean", () => {
  const before = report([
    ["old", "passed", "test/old.test.js"],
    ["broken", "failed", "test/old.test.js"],
  ]);

  it("runs the whole suite", async () => {
    const asked: (string[] | null)[] = [];
    await prove("clean", context({ now: before, before, asked }));
    assert.deepEqual(asked, [null]);
  });

  describe("of a slow suite", () => {
    const slow = report(
      ["old", "bill", "cart", "shop"].map((name) => [name, "passed", `test/${name}.test.js`]),
      { duration_ms: 120_000 },
    );
    const affected = ["test/cart.test.js", "test/new.test.js"];
    const proveSlow = async (now: TestReport, { files = affected, alone = slow } = {}) => {
      const done: string[] = [];
      const given = context({ now, suite: slow, before: slow, changed: ["src/cart.js"] });
      const { ground } = given;
      let isChanged = false;
      const noting: GateContext["ground"] = {
        prepare: async (changes) => {
          isChanged = changes.length > 0;
          await ground.prepare(changes);
          done.push(isChanged ? "changed" : "original");
        },
        runTests: async (request) => {
          done.push(request.files?.join(" ") ?? "all");
          return isChanged ? ground.runTests(request) : alone;
        },
      };
      const affectedTests = () => Promise.resolve(files);
      const proof = await prove("clean", { ...given, ground: noting, affectedTests });
      return { proof, done };
    };
    const cart = "test/cart.test.js";
    const failing = report([["cart", "failed", cart]]);
    const passing = report([["cart", "passed", cart]]);

    it("begins with the tests that the change can affect, and ends there if it breaks one", async () => {
      const { proof, done } = await proveSlow(failing);
      assert.deepEqual(done, ["changed", cart, "original", cart, "changed"]);
      assert.equal(proof.held, false);
      assert.match(proof.reason, /^1 test broken in files that import the changed files/);
      assert.match(proof.evidence[0] ?? "", /^test\/cart\.test\.js > cart/);
    });

    it("runs all tests if these pass, or fail without the change when they run alone", async () => {
      const { proof, done } = await proveSlow(passing);
      assert.deepEqual([proof.held, done], [true, ["changed", cart, "changed", "all"]]);
      const lonely = await proveSlow(failing, { alone: failing });
      assert.equal(lonely.proof.held, true);
      assert.deepEqual(lonely.done, ["changed", cart, "original", cart, "changed", "all"]);
    });

    it("runs all tests at once if the change can affect most of them", async () => {
      const most = slow.tests.slice(1).map(({ file }) => file);
      assert.deepEqual((await proveSlow(passing, { files: most })).done, ["changed", "all"]);
    });
  });

  it("says so if tests that the change can affect stand for a suite that takes too long", async () => {
    const given = context({ now: report([["other", "passed"]]), before: report([["other", "passed"]]) });
    const proof = await prove("clean", { ...given, part: () => ["test/a.test.js", "test/b.test.js"] });
    assert.equal(proof.held, true);
    assert.match(proof.reason, /^The whole suite takes longer .* only 2 test files that .*pass: 1 test\.$/);
  });

  it("misses no file that passed like a test in a run without a witness, unless the change deletes it", async () => {
    const file = "test/values.js";
    const known = report([
      [file, "passed", file],
      ["old", "passed"],
    ]);
    const now = report([["old", "passed"]], { watched: true });
    const given = context({ now, before: known });
    assert.equal((await prove("clean", given)).held, true);
    const deleted = await prove("clean", { ...given, after: new Map([[file, null]]), mayRemoveTests: false });
    assert.deepEqual(deleted.evidence, [`gone: ${file} > ${file}`]);
    const unwatched = await prove("clean", context({ now: { ...now, watched: undefined }, before: known }));
    assert.deepEqual(unwatched.evidence, [`gone: ${file} > ${file}`]);
  });

  it("holds when only tests fail that failed before", async () => {
    const proof = await prove("clean", context({ now: before, before }));
    assert.equal(proof.held, true);
    assert.match(proof.reason, /1 failed before the run already/);
    assert.deepEqual(proof.evidence, ["failed before the run: test/old.test.js > broken"]);
  });

  it("does not hold when a test fails that passed before", async () => {
    const now = report([["old", "failed", "test/old.test.js"]]);
    assert.equal((await prove("clean", context({ now, before }))).held, false);
  });

  it("asks packages below a project for no new test, if its own command broke before as well", async () => {
    const packages = [["old", "passed", "shop/old.test.js"]] satisfies Test[];
    const broken = report(packages, { without_own_command: true });
    const proven = ["test/bill.test.js > adds"];
    const held = async (before: TestReport, now: TestReport): Promise<[boolean, string]> => {
      const proof = await prove("clean", context({ now, before, proven }));
      return [proof.held, proof.reason];
    };
    const [holds, reason] = await held(broken, broken);
    assert.equal(holds, true, reason);
    assert.match(reason, /own test command ends without running a test here, also without the change/);
    assert.equal((await held(report(packages), broken))[0], false);
  });

  it("does not hold when a test that passed before is gone from a file nobody changed", async () => {
    const proof = await prove("clean", context({ now: report([["new", "passed"]]), before }));
    assert.deepEqual([proof.held, proof.evidence], [false, ["gone: test/old.test.js > old"]]);
  });
});

describe("the gate clean, compared with the state before the run", () => {
  const old: Test[] = [["old", "passed", "test/old.test.js"]];
  const named = (...names: string[]): TestReport =>
    report(names.map((name) => [name, "passed", "test/old.test.js"]));
  const rows: [what: string, before: TestReport, now: TestReport, held: boolean, evidence?: RegExp][] = [
    [
      "an error outside of the tests",
      report(old),
      report(old, { exit_code: 1, outcome: "failed", errors: [{ name: "lint failed", message: "x" }] }),
      false,
      /^lint failed/,
    ],
    [
      "a name with a random id that looks like a word in one of the runs",
      named("keeps qwertyuiopa", "other"),
      named("keeps k3j9x2m1qz8", "other"),
      true,
    ],
    [
      "one of two tests with random ids in their names",
      named("keeps k3j9x2m1qz8", "keeps a1b2c3d4e5f"),
      named("keeps 9z8y7x6w5v4"),
      false,
      /^gone: /,
    ],
    ["another word in a name", named("reads sha256sum"), named("reads sha512sum"), false, /^gone: /],
    [
      "a test program that did not run",
      report(old, { parts: [{ name: "jest unit", exit_code: 0 }] }),
      report(old),
      false,
      /^not run: jest unit$/,
    ],
    [
      "one of two test programs of one name",
      report(old, { parts: ["mocha", "mocha"].map((name) => ({ name, exit_code: 0 })) }),
      report(old, { parts: [{ name: "mocha", exit_code: 0 }] }),
      false,
      /^not run: mocha$/,
    ],
    [
      "a test that is skipped now",
      report(old),
      report([["old", "skipped", "test/old.test.js"]]),
      false,
      /^skipped: test\/old\.test\.js > old$/,
    ],
    [
      "a file that cannot be loaded any more",
      report([...old, ["more", "passed", "test/more.test.js"]]),
      report(old, { outcome: "load_error", load_errors: [{ file: "test/more.test.js", message: "no" }] }),
      false,
      /^test\/more\.test\.js could not be loaded/,
    ],
    [
      "a file that could not be loaded before either",
      report(old, { outcome: "load_error", load_errors: [{ file: "test/more.test.js", message: "no" }] }),
      report(old, { outcome: "load_error", load_errors: [{ file: "test/more.test.js", message: "no" }] }),
      true,
      /^failed before the run: test\/more\.test\.js could not be loaded$/,
    ],
    [
      "one of three tests of a name gone",
      report([...old, ...old, ...old]),
      report([...old, ...old]),
      false,
      /^gone: test\/old\.test\.js > old$/,
    ],
    [
      "a name that holds the time",
      report([["at 1795900000000 and 2026-11-28T21:00:00.000Z", "passed", "test/old.test.js"]]),
      report([["at 1795900060000 and 2026-11-28T21:01:00.000Z", "passed", "test/old.test.js"]]),
      true,
    ],
  ];
  for (const [what, before, now, held, evidence] of rows)
    it(`${held ? "holds" : "does not hold"} with ${what}`, async () => {
      const proof = await prove("clean", context({ now, before }));
      assert.equal(proof.held, held);
      if (evidence !== undefined) assert.match(proof.evidence[0] ?? "", evidence);
    });
});

describe("the gate untouched", () => {
  const now = report([]);
  it("holds when only sources changed since red", async () => {
    const parts = { now, changed: ["test/bill.test.js", "src/bill.js"], red: ["test/bill.test.js"] };
    assert.equal((await prove("untouched", context(parts))).held, true);
  });

  for (const path of ["test/other.test.js", "vitest.config.ts", "tests/conftest.py"]) {
    it(`does not hold when ${path} changed after red`, async () => {
      const parts = { now, changed: ["test/bill.test.js", path], red: ["test/bill.test.js"] };
      const proof = await prove("untouched", context(parts));
      assert.deepEqual([proof.held, proof.evidence], [false, [path]]);
    });
  }

  it("holds, and says so, when the user allowed changes of tests", async () => {
    const parts = { now, changed: ["test/bill.test.js"], red: [], allowTestChanges: true };
    const proof = await prove("untouched", context(parts));
    assert.equal(proof.held, true);
    assert.match(proof.reason, /allowed for this run/);
  });
});

describe("gates in a row", () => {
  it("stop at the first that does not hold", async () => {
    const proofs = await proveGates(
      ["untouched", "green", "clean"],
      context({ now: report([["a", "failed"]]) }),
      () => undefined,
    );
    assert.deepEqual(
      proofs.map(({ gate, held }) => [gate, held]),
      [["untouched", false]],
    );
  });
});
