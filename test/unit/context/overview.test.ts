import assert from "node:assert/strict";
import { neighbouringTest, overviewOf } from "../../../server/context/overview.ts";
import { testLayoutOf } from "../../../server/workspace/test-layout.ts";
import type { WorkspaceIndex } from "../../../server/context/workspace-index.ts";

const indexOf = (files: Readonly<Record<string, string>>): WorkspaceIndex => ({
  paths: new Set(Object.keys(files)),
  read: (path) => files[path] ?? null,
  layout: testLayoutOf(Object.keys(files), (path) => files[path] ?? null),
});

describe("overview of a workspace for one who writes tests", () => {
  const index = indexOf({
    "package.json": '{"scripts":{"test":"npm test --workspaces"}}',
    "packages/app/package.json": '{"scripts":{"test":"vitest run"}}',
    "packages/app/src/cart.ts": "",
    "packages/app/test/bill.test.ts": "",
    "packages/core/test/add.test.ts": "",
  });

  it("names the package's own test script, and tests, the nearest first", () => {
    const [testing] = overviewOf("packages/app/src/cart.ts", index);
    assert.equal(
      testing?.content,
      "npm test in packages/app runs: vitest run\nTests that are there, the nearest first:\n" +
        "packages/app/test/bill.test.ts\npackages/core/test/add.test.ts",
    );
    assert.equal(neighbouringTest("packages/app/src/cart.ts", index), "packages/app/test/bill.test.ts");
  });

  it("maps a workspace in few lines, however large it is", () => {
    const many = indexOf(
      Object.fromEntries(
        Array.from({ length: 2000 }, (_, number) => [`d${Math.floor(number / 20)}/f${number}.ts`, ""]),
      ),
    );
    const map = overviewOf(null, many)[1]?.content ?? "";
    assert.equal(map.split("\n").length, 61);
    assert.match(map, /^d0\/ f0\.ts .* and 8 more$/m);
    assert.match(map, /and 40 more folders$/);
  });

  it("says so where there are no tests", () => {
    assert.equal(overviewOf("a.ts", indexOf({ "a.ts": "" }))[0]?.content, "There are no tests yet.");
  });
});
