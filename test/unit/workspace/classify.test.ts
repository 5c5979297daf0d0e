import assert from "node:assert/strict";
import fc from "fast-check";
import { WriteAccess } from "../../../schemas/gates.ts";
import { classifyPath, isHeldBack, mayWrite, type PathKind } from "../../../server/workspace/classify.ts";

const examples: Record<PathKind, string[]> = {
  test: [
    "test/add.js",
    "src/add.test.ts",
    "src/add.spec.tsx",
    "src/__tests__/add.js",
    "src/__snapshots__/add.test.ts.snap",
    "tests/fixtures/input.json",
    "tests/test_add.py",
    "test.js",
    "packages/a/test.mjs",
    "shop/tests.py",
    "src/test_add.py",
    "src/test/java/Add.java",
    "pkg/add_test.py",
    "add_test.go",
    "test.mjs",
    "test-add.js",
    "src/test/java/AddTest.java",
    "tests/README.md",
    "e2e/login.cy.ts",
  ],
  "test-config": [
    "vitest.config.ts",
    "vite.config.mts",
    "vitest.workspace.json",
    "jest.config.cjs",
    "jest.setup.ts",
    ".mocharc.yml",
    "tests/conftest.py",
    "pytest.ini",
    "tox.ini",
    "playwright.config.ts",
    "packages/app/karma.conf.js",
    "src/setupTests.ts",
    ".nycrc.json",
  ],
  document: ["README.md", "docs/guide.md", "docs/img/flow.svg", "CHANGELOG", "LICENSE", "src/design.adoc"],
  source: [
    "src/add.ts",
    "src/contest.ts",
    "src/latest.js",
    "src/commands/test.js",
    "lib/test-runner.ts",
    "shop/management/commands/test.py",
    "app/routes/test.tsx",
    "src/testing.ts",
    "src/attestation/index.ts",
    "requirements.txt",
    "public/logo.svg",
    "docs/conf.py",
    "src/inspect.ts",
    "src/Manifest.java",
  ],
};

describe("classifyPath", () => {
  for (const [kind, paths] of Object.entries(examples)) {
    for (const path of paths) {
      it(`${path} is ${kind}`, () => {
        assert.equal(classifyPath(path), kind);
      });
    }
  }
});

describe("held-back tests", () => {
  const held = [
    "test/bill.held-back.test.js",
    "tests/test_held_back_bill.py",
    "bill_held_back_test.go",
    "src/test/java/HeldBackBillTest.java",
  ];
  for (const path of held)
    it(`are known by the name of ${path}`, () => {
      assert.ok(isHeldBack(path));
    });

  for (const path of ["test/bill.test.js", "src/held-back.js", "held-back/bill.test.js"])
    it(`are none in ${path}`, () => {
      assert.ok(!isHeldBack(path));
    });
});

describe("write access", () => {
  const path = fc.oneof(
    fc.constantFrom(...Object.values(examples).flat()),
    fc
      .array(fc.constantFrom("src", "test", "docs", "a.ts", "a.test.ts", "conftest.py"), { minLength: 1 })
      .map((segments) => segments.join("/")),
  );

  it("never lets one stage write both what is tested and the tests, except with all", () => {
    fc.assert(
      fc.property(path, (each) => {
        assert.notEqual(mayWrite("tests", each), mayWrite("sources", each));
        assert.equal(mayWrite("all", each), true);
        assert.equal(mayWrite("none", each), false);
      }),
    );
  });

  for (const path of [
    ".coditect/teams/tdd.json",
    ".coditect/lessons.md",
    ".Coditect/agents/test/a.json",
    ".coditectignore",
    "src/.coditectignore",
  ])
    it(`never covers what directs the agents: ${path}`, () => {
      assert.ok(WriteAccess.options.every((access) => !mayWrite(access, path)));
    });

  it("for documents covers documentation alone", () => {
    for (const [kind, paths] of Object.entries(examples)) {
      for (const each of paths) assert.equal(mayWrite("documents", each), kind === "document", each);
    }
    assert.equal(WriteAccess.options.length, 5);
  });
});
