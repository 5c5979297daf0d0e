import assert from "node:assert/strict";
import { describe, it } from "mocha";
import type { TestsWanted } from "../../../server/executions/execution-request.ts";
import { judgeSubmission } from "../../corpus/judge-submission.ts";
import { kits, type Submission } from "../../corpus/kit.ts";

/**
 * Of what changed, the new test reaches `half`, one of the old files `raised`, and none `free`; another
 * old file knows nothing of it all.
 */
const scripts = kits.map((kit): Submission => {
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
});

const inPython: Submission = {
  name: "pytest",
  base: {
    "pytest.ini": "[pytest]\n",
    "shop.py": "def raised(price):\n    return price + 1 + 1\n",
    "tests/test_old.py":
      "import shop\n\n\ndef test_price():\n    assert shop.raised(60) == 62\n\n\ndef test_name():\n    assert shop.__name__ == 'shop'\n",
  },
  tests: {
    "tests/test_new.py":
      "import shop\n\n\ndef test_half():\n    assert shop.half(40) == 20\n\n\ndef test_file():\n    assert shop.half\n",
  },
  code: {
    "shop.py":
      "def raised(price):\n    return price + 2\n\n\ndef half(price):\n    return price / 2\n\n\ndef free():\n    return 'free'\n",
  },
};

const judged = async (submission: Submission) => {
  const wanted: TestsWanted[] = [];
  const proofs = await judgeSubmission(submission, ["mutants"], {
    budgetMs: 600_000,
    ran: (one) => wanted.push(one),
  });
  const withMutant = wanted.filter(({ probe }) => /\d/.test(probe?.mutant ?? ""));
  return { proof: proofs.find(({ gate }) => gate === "mutants"), withMutant };
};

describe("the tests that a mutant is tried with", function () {
  this.timeout(900_000);

  for (const submission of scripts)
    it(`are the files of ${submission.name} that reach it`, async () => {
      const { proof, withMutant } = await judged(submission);
      assert.match(proof?.reason ?? "", /no test reaches 2 of them/);
      assert.match(
        proof?.evidence.join("\n") ?? "",
        /^src\/text\.js:\d+ survives \w+, which no test reaches: /m,
      );
      const files = withMutant.flatMap((one) => one.files ?? ["every file"]);
      assert.deepEqual([...new Set(files)].sort(), ["test/price.test.js", "test/text.test.js"]);
    });

  it("are the tests of pytest that reach it", async () => {
    const { proof, withMutant } = await judged(inPython);
    assert.match(proof?.reason ?? "", /no test reaches 2 of them/);
    assert.match(proof?.evidence.join("\n") ?? "", /^shop\.py:10 survives \w+, which no test reaches: /m);
    const tests = withMutant.flatMap(({ probe }) => probe?.only ?? ["every test"]);
    assert.deepEqual([...new Set(tests)].sort(), [
      "tests/test_new.py > test_half",
      "tests/test_old.py > test_price",
    ]);
  });
});
