import assert from "node:assert/strict";
import { matchesGlob } from "node:path";
import { literalGlob } from "../../../server/worker/runners/literal-glob.ts";

describe("the glob of one path", () => {
  const paths = [
    "app/[id]/t.js",
    "app/[[...slug]]/t.js",
    "b/{x,y}/t.js",
    "c/(g)/t.js",
    "d/!(q)/t.js",
    "e/a*b.js",
  ];
  for (const path of paths) {
    it(`means ${path} and no plain neighbour`, () => {
      assert.ok(matchesGlob(path, literalGlob(path)));
      assert.ok(!matchesGlob("app/i/t.js", literalGlob(path)));
      assert.ok(!matchesGlob("e/axb.js", literalGlob(path)));
    });
  }
});
