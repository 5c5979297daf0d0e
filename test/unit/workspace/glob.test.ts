import assert from "node:assert/strict";
import { globFilter } from "../../../server/workspace/glob.ts";

const paths = ["a.ts", "src/b.ts", "src/deep/c.tsx", "src/deep/d.js", "test/b.test.ts", "srcs/e.ts"];
const chosen = (glob: string | undefined): string[] => paths.filter(globFilter(glob));

describe("globs", () => {
  const examples: [string | undefined, string[]][] = [
    [undefined, paths],
    [" ", paths],
    ["*.ts", ["a.ts", "src/b.ts", "test/b.test.ts", "srcs/e.ts"]],
    ["**/*.{tsx,js}", ["src/deep/c.tsx", "src/deep/d.js"]],
    ["src/**", ["src/b.ts", "src/deep/c.tsx", "src/deep/d.js"]],
    ["src", ["src/b.ts", "src/deep/c.tsx", "src/deep/d.js"]],
    ["src/", ["src/b.ts", "src/deep/c.tsx", "src/deep/d.js"]],
    ["./src/*.ts", ["src/b.ts"]],
    ["{src,test}/b*", ["src/b.ts", "test/b.test.ts"]],
    ["src/deep/*.{js}", ["src/deep/d.js"]],
    ["nothing", []],
  ];
  for (const [glob, expected] of examples) {
    it(`${JSON.stringify(glob)} means ${expected.length} of ${paths.length} paths`, () => {
      assert.deepEqual(chosen(glob), expected);
    });
  }

  it("with very many braces do not take long", () => {
    assert.deepEqual(chosen("{a,b}".repeat(40)), []);
  });
});
