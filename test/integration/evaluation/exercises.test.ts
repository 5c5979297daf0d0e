import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { withoutSkips } from "../../../server/evaluation/exercism.ts";
import { loadSuite } from "../../../server/evaluation/suite.ts";
import { testWorkspace, type TestWorkspace } from "../../support/workspace.ts";

const spec = `import test from "node:test";
import assert from "node:assert/strict";
import { toll } from "./toll.js";

test("a bicycle is free", () => assert.equal(toll("bicycle"), 0));
test.skip("a car pays", () => assert.equal(toll("car"), 5));
`;

const exercise = (name: string, files: Record<string, string>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(files).map(([path, text]) => [`exercises/practice/${name}/${path}`, text]),
  );

const track = {
  ...exercise("toll", {
    ".meta/config.json": JSON.stringify({
      files: { solution: ["toll.js"], test: ["toll.spec.js"], example: [".meta/proof.js"] },
      blurb: "What a bridge costs.",
    }),
    ".meta/proof.js": 'export const toll = (vehicle) => (vehicle === "car" ? 5 : 0);\n',
    ".docs/instructions.md": "A car pays 5 to cross the bridge, a bicycle nothing.\n",
    "package.json": '{"type":"module","scripts":{"test":"corepack pnpm jest"}}',
    "toll.js": "export const toll = () => {\n  throw new Error('Write this');\n};\n",
    "toll.spec.js": spec,
  }),
  ...exercise("unfinished", { "readme.md": "There is no configuration here." }),
  "node_modules/tools/package.json": "{}",
};

describe("a folder of exercises", () => {
  let root: TestWorkspace;
  let place: string;
  before(async () => {
    root = await testWorkspace(track);
    place = await mkdtemp(join(tmpdir(), "exercises-"));
  });
  after(async () => {
    await root.remove();
    await rm(place, { recursive: true, force: true });
  });

  it("is a suite of those that say which file is the solution", async () => {
    const { tasks } = await loadSuite(root.root);
    assert.deepEqual(
      tasks.map(({ name }) => name),
      ["toll"],
    );
    const [task] = tasks;
    assert.ok(task?.definition.kind === "solve");
    assert.equal(task.definition.file, "toll.js");
    assert.match(task.definition.task, /toll\.js .*\n\nA car pays 5/);
  });

  it("gives the team no test and no answer, and asks for every test afterwards", async () => {
    const [task] = (await loadSuite(root.root)).tasks;
    assert.ok(task !== undefined);
    const { workspace, hidden } = await task.layOut(place);
    for (const path of [".meta", ".docs", "toll.spec.js"])
      assert.ok(!existsSync(join(workspace, path)), path);
    assert.ok(existsSync(join(workspace, "node_modules/tools/package.json")));
    assert.match(await readFile(join(workspace, "package.json"), "utf8"), /"test":"jest"/);
    assert.match(await readFile(join(hidden, "toll.spec.js"), "utf8"), /test\("a car pays"/);
    assert.equal(await readFile(join(root.root, "exercises/practice/toll/toll.spec.js"), "utf8"), spec);
  });
});

describe("skipped tests of exercises", () => {
  const examples: [path: string, skipped: string, asked: string][] = [
    [
      "a.spec.js",
      "xtest('a', f); xit.each([1])('b', f); xdescribe('c', f)",
      "test('a', f); it.each([1])('b', f); describe('c', f)",
    ],
    ["a.spec.js", "import { test, xtest } from 'x';", "import { test, xtest } from 'x';"],
    ["a_test.py", '    @unittest.skip("later")\n    def test_a(self):\n', "    def test_a(self):\n"],
    ["ATest.java", '    @Disabled("Remove to run test")\n    @Test\n', "    @Test\n"],
    ["tests/a.rs", "#[test]\n#[ignore]\nfn a() {}", "#[test]\nfn a() {}"],
    ["a_test.rb", "  def test_a\n    skip\n    assert true\n", "  def test_a\n    assert true\n"],
  ];
  for (const [path, skipped, asked] of examples)
    it(`are asked for: ${path} ${skipped.slice(0, 20).trim()}`, () => {
      assert.equal(withoutSkips(path, skipped), asked);
    });
});
