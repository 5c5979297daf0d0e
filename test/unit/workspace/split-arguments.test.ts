import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { alsoDropping, type ArgumentRules, splitArguments } from "../../../server/workspace/test-script.ts";

const rules: ArgumentRules = {
  valued: new Set(["--config", "--reporter"]),
  dropped: /^(--reporter|--watch.*)$/i,
};

describe("the arguments of a test script", () => {
  it("lose the flags that we set ourselves, with their values", () => {
    const { flags, patterns } = splitArguments(
      ["--config", "a.json", "--reporter", "dot", "--Watch-all", "--seed", "7", "test"],
      rules,
    );
    assert.deepEqual(
      [flags, patterns],
      [
        ["--config", "a.json", "--seed"],
        ["7", "test"],
      ],
    );
  });

  it("lose the flags that a watched run sets besides, with their values", () => {
    const more = alsoDropping(rules, { valued: ["--seed"], others: ["--randomize"] });
    const { flags, patterns } = splitArguments(
      ["--Seed=1", "--seed", "7", "--randomize", "--reporter=dot", "--randomize-all", "test"],
      more,
    );
    assert.deepEqual([flags, patterns], [["--randomize-all"], ["test"]]);
  });
});
