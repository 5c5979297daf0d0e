import assert from "node:assert/strict";
import type { Mutant } from "../../../schemas/tests.ts";
import type { Fate } from "../../../server/teams/gates/fate.ts";
import { elsewhere, indifferent } from "../../../server/teams/gates/questions.ts";

const mutant = (id: string, line: number, kind: string): Mutant => ({
  ...{ id, path: "src/a.js", line, end_line: line, kind, replacement: "" },
});

/** A file whose first line may make no difference, and whose second one checks where the code runs. */
const text = [
  'if (!existsSync("calls.txt")) writeFileSync("calls.txt", "1");',
  'const isHere = existsSync("src/a.js");',
  'export const answer = () => (isHere ? 42 : "nothing");',
].join("\n");
const all = [
  mutant("unnoticed", 1, "ConditionalExpression"),
  mutant("check", 2, "StringLiteral"),
  mutant("choice", 3, "ConditionalExpression"),
  mutant("hidden", 3, "StringLiteral"),
];
const context = { readText: () => Promise.resolve(text) };

describe("mutants of code that asks where it runs", () => {
  const fatesWith = (check: Fate) =>
    new Map<string, Fate>([
      ["unnoticed", "survived"],
      ["check", check],
      ["choice", check],
      ["hidden", "survived"],
    ]);
  const unreached = new Set(["hidden"]);

  it("counts what depends on a check that the tests notice, also below one that makes no difference", async () => {
    const alike = await indifferent(context, all, fatesWith("killed"), unreached);
    assert.deepEqual([...alike], ["unnoticed"]);
    const missed = all.filter(({ id }) => id === "hidden");
    assert.deepEqual(await elsewhere(context, all, missed), missed);
  });

  it("does not count what depends only on checks that make no difference", async () => {
    const alike = await indifferent(context, all, fatesWith("survived"), unreached);
    assert.deepEqual([...alike].sort(), all.map(({ id }) => id).sort());
  });
});
