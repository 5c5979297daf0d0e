import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { TestProbe } from "../../../schemas/tests.ts";
import type { TestsWanted } from "../../../server/executions/execution-request.ts";
import { mutate } from "../../../server/teams/gates/mutation.ts";
import { reaching } from "../../../server/teams/gates/reach.ts";
import { judgeSubmission, onGround } from "../../corpus/judge-submission.ts";
import { kits, type Files, type Kit, type Submission } from "../../corpus/kit.ts";

/**
 * Of what changed, the new test reaches `half`, one of the old files `raised`, and none `free`; another
 * old file knows nothing of it all.
 */
const submissionFor = (kit: Kit): Submission => {
  const suite = (checks: [string, string][]) => kit.suite([], [{ name: "is right", checks }]);
  const named = 'const name = () => "shop";';
  return {
    name: kit.runner,
    base: {
      ...kit.base,
      [kit.source]: kit.module(`${named}\nfunction raised(price) {\n  return price + 1 + 1;\n}`, [
        "name",
        "raised",
      ]),
      "test/price.test.js": suite([["text.raised(60)", "62"]]),
      "test/name.test.js": suite([["text.name()", '"shop"']]),
    },
    tests: { [kit.test]: suite([["text.half(40)", "20"]]) },
    code: {
      [kit.source]: kit.module(
        `${named}
function raised(price) {
  return price + 2;
}
function half(price) {
  return price / 2;
}
function free() {
  return "free";
}`,
        ["name", "raised", "half", "free"],
      ),
    },
  };
};

const inPython = {
  "pytest.ini": "[pytest]\n",
  "shop.py":
    "def raised(price):\n    return price + 2\n\n\ndef half(price):\n    return price / 2\n\n\ndef free():\n    return 'free'\n\n\ndef signed(price):\n    return (\n        price + 1\n        if price > 0\n        else price - 1\n    )\n",
  "tests/test_old.py":
    "import shop\n\n\ndef test_price():\n    assert shop.raised(60) == 62\n\n\ndef test_name():\n    assert shop.__name__ == 'shop'\n",
  "tests/test_new.py":
    "import shop\n\n\ndef test_half():\n    assert shop.half(40) == 20\n\n\ndef test_signed():\n    assert shop.signed(1) == 2\n\n\ndef test_file():\n    assert shop.half\n",
};

/** Lines of the source with the tests that reach their mutants; null if no test does. */
type Reached = Record<number, string[] | null>;

/** Runs the tests of a project once, and returns which of them reach the mutants of these lines. */
const reachedIn = (files: Files, path: string, lines: { from: number; to: number }): Promise<Reached> =>
  onGround(files, async (ground, _, signal) => {
    const source = { path, ranges: [lines] };
    const isScript = path.endsWith(".js");
    const mutation = await mutate(isScript ? [{ ...source, text: files[path] ?? "" }] : [], signal);
    assert.ok("mutants" in mutation);
    await ground.prepare(
      mutation.files.map(({ path: changed, text }) => ({
        path: changed,
        before: null,
        content: { encoding: "utf8", data: text },
        executable: false,
      })),
    );
    const report = await ground.runTests({
      files: Object.keys(files).filter((name) => /^tests?\//.test(name)),
      coverage: false,
      probe: TestProbe.parse({ mutable: isScript ? [] : [source], tell_reached: true }),
    });
    const told: Reached = {};
    for (const mutant of [...mutation.mutants, ...(report.mutants ?? [])]) {
      const by = reaching(report, mutant, null);
      const tests = by === null ? null : (by.only ?? by.files ?? ["every file"]);
      // The same tests reach all mutants of a line.
      assert.deepEqual(told[mutant.line] ?? tests, tests);
      told[mutant.line] = tests;
    }
    return told;
  });

describe("the tests that reach a mutant", () => {
  for (const kit of kits)
    it(`are known to ${kit.runner}`, async () => {
      const { base, tests, code } = submissionFor(kit);
      const reached = await reachedIn({ ...base, ...tests, ...code }, kit.source, { from: 2, to: 10 });
      const [price, half] = ["test/price.test.js", "test/text.test.js"].map((file) =>
        kit.runner === "mocha" ? `${file} > is right` : file,
      );
      assert.deepEqual(reached, { 2: [price], 3: [price], 5: [half], 6: [half], 8: null, 9: null });
    });

  it("are known to pytest", async () => {
    const reached = await reachedIn(inPython, "shop.py", { from: 1, to: 18 });
    const [price, half, signed] = [
      "test_old.py > test_price",
      "test_new.py > test_half",
      "test_new.py > test_signed",
    ].map((name) => `tests/${name}`);
    // A part of an expression that is left out is not reached.
    assert.deepEqual(reached, {
      2: [price],
      6: [half],
      10: null,
      14: [signed],
      15: [signed],
      16: [signed],
      17: null,
    });
  });

  it("are the only ones that the gate runs for it", async () => {
    const wanted: TestsWanted[] = [];
    const mocha = kits.find(({ runner }) => runner === "mocha");
    assert.ok(mocha);
    const proofs = await judgeSubmission(submissionFor(mocha), ["mutants"], {
      budgetMs: 600_000,
      ran: (one) => wanted.push(one),
    });
    const proof = proofs.find(({ gate }) => gate === "mutants");
    assert.match(proof?.reason ?? "", /no test reaches 2 of them/);
    assert.match(
      proof?.evidence.join("\n") ?? "",
      /^src\/text\.js:\d+ survives \w+, which no test reaches: /m,
    );
    const withMutant = wanted.filter(({ probe }) => /\d/.test(probe?.mutant ?? ""));
    const files = withMutant.flatMap((one) => one.files ?? ["every file"]);
    assert.deepEqual([...new Set(files)].sort(), ["test/price.test.js", "test/text.test.js"]);
  });
});
