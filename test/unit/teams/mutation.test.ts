import assert from "node:assert/strict";
import { runInNewContext } from "node:vm";
import { mutate, type Mutation, type MutationRequest } from "../../../server/teams/gates/mutation.ts";

const signal = (): AbortSignal => AbortSignal.timeout(30_000);

const mutated = async (request: MutationRequest): Promise<Mutation> => {
  const mutation = await mutate(request, signal());
  assert.ok("mutants" in mutation);
  return mutation;
};

const clamp = `const clamp = (value, low) => {
  if (value < low) return low;
  return value;
};
`;

/** The values that the code with a mutant switched on makes of value and lower bound. */
const clampWith = (text: string, mutant: string, value: number, low: number): unknown =>
  runInNewContext(`${text}\nclamp(${value}, ${low});`, {
    process: { env: { __STRYKER_ACTIVE_MUTANT__: mutant } },
  });

describe("the mutation of a change", () => {
  it("touches the changed lines alone", async () => {
    const mutation = await mutated([{ path: "a.js", text: clamp, ranges: [{ from: 2, to: 2 }] }]);
    assert.deepEqual([...new Set(mutation.mutants.map(({ line }) => line))], [2]);
  });

  it("has, for a moved boundary, a switch that fails exactly where both sides are equal", async () => {
    const mutation = await mutated([{ path: "a.js", text: clamp, ranges: [{ from: 2, to: 2 }] }]);
    const moved = mutation.mutants.filter(({ boundary }) => boundary !== undefined);
    assert.deepEqual(
      moved.map(({ replacement }) => replacement),
      ["value <= low"],
    );
    const text = mutation.files[0]?.text ?? "";
    const atBoundary = (value: number) => clampWith(text, moved[0]?.boundary ?? "", value, 2);
    assert.deepEqual([atBoundary(1), atBoundary(3)], [2, 3]);
    assert.throws(() => atBoundary(2), /Both sides are equal/);
  });

  it("has, for a text that a function returns, a switch that puts another text there", async () => {
    const source =
      'const kind = (n) => {\n  if (n > 2) return "large";\n  const small = "small";\n  return small;\n};\n';
    const mutation = await mutated([{ path: "a.js", text: source, ranges: [{ from: 1, to: 5 }] }]);
    const others = mutation.mutants.flatMap(({ other_text }) => other_text ?? []);
    assert.equal(others.length, 1);
    const kindOf = (mutant: string): unknown =>
      runInNewContext(`${mutation.files[0]?.text ?? ""}\nkind(3);`, {
        process: { env: { __STRYKER_ACTIVE_MUTANT__: mutant } },
      });
    assert.deepEqual([kindOf(""), kindOf(others[0] ?? "")], ["large", "Another text"]);
  });

  it("keeps compilers from judging the types of the switches", async () => {
    const text = "#!/usr/bin/env node\n// @ts-check\nexport const twice = (n: number) => n * 2;\n";
    const mutation = await mutated([{ path: "a.ts", text, ranges: [{ from: 3, to: 3 }] }]);
    const lines = mutation.files[0]?.text.split("\n") ?? [];
    assert.deepEqual(lines.slice(0, 2), ["#!/usr/bin/env node", "// @ts-nocheck"]);
    assert.ok(!lines.some((line) => line.includes("@ts-check")), "the last one of such comments counts");
  });

  it("leaves the name of the usual encoding alone", async () => {
    const text =
      'import { readFileSync } from "node:fs";\nconst load = (path) => readFileSync(path + ".md", "utf8");\n';
    const mutation = await mutated([{ path: "a.js", text, ranges: [{ from: 2, to: 2 }] }]);
    const literals = mutation.mutants.filter(({ kind }) => kind === "StringLiteral");
    assert.deepEqual(
      literals.map(({ line }) => line),
      [2],
    );
  });

  it("says which file cannot be parsed, why and where", async () => {
    const files = ["const = ;", "const right = 1;"].map((text, at) => ({
      path: `src/${at}.js`,
      text,
      ranges: [{ from: 1, to: 1 }],
    }));
    assert.deepEqual(await mutate(files, signal()), {
      refused: "src/0.js cannot be parsed: Unexpected token (1:6)",
    });
  });
});
