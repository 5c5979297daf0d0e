import assert from "node:assert/strict";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import {
  classifyPath,
  isTestScript,
  isTestScriptPython,
  mayWrite,
} from "../../../server/workspace/classify.ts";
import { globExpression } from "../../../server/workspace/glob-expression.ts";
import { literalsAt } from "../../../server/workspace/script-literals.ts";
import { testLayoutOf } from "../../../server/workspace/test-layout.ts";

type Files = Readonly<Record<string, string>>;

const layoutOf = (files: Files) => testLayoutOf(Object.keys(files), (path) => files[path] ?? null);

const test = 'it("adds", () => expect(add(1)).toBe(2));';
const code = "export const price = 1;";

/** Per kind of configuration: a project, what is a test in it, and what is none. */
const projects: Record<string, { files: Files; tests: string[]; sources: string[] }> = {
  "mocha, spec in .mocharc.json": {
    files: { ".mocharc.json": '{"spec": ["unit/**/*.js"]}', "unit/price.js": test, "price.js": code },
    tests: ["unit/price.js", "unit/new.js", "UNIT/Price.js", "unit/data/prices.json"],
    sources: ["price.js", "lib/unit.js", "unit.js"],
  },
  "mocha, spec in .mocharc.yml": {
    files: { ".mocharc.yml": "recursive: true\nspec:\n  - 'checks/*.check.js'\n", "checks/a.check.js": test },
    tests: ["checks/a.check.js", "checks/helpers.js"],
    sources: ["src/a.js"],
  },
  "mocha, a folder in the script": {
    files: { "package.json": '{"scripts":{"test":"mocha --recursive ./unit"}}', "unit/price.js": test },
    tests: ["unit/price.js", "unit/deep/other.js"],
    sources: ["src/price.js", "package.json"],
  },
  "jest, testMatch in package.json": {
    files: {
      "package.json": '{"jest":{"testMatch":["<rootDir>/unit/**/*.[jt]s?(x)"]}}',
      "unit/price.js": test,
      "src/price.js": code,
    },
    tests: ["unit/price.js", "unit/a/b.tsx"],
    sources: ["src/price.js"],
  },
  "jest, testRegex in jest.config.js": {
    files: {
      "jest.config.js": 'module.exports = { testRegex: "(/unit/.*|\\\\.check)\\\\.js$" };',
      "unit/a.js": test,
    },
    tests: ["unit/a.js", "src/a.check.js"],
    sources: ["src/a.js", "lib/reunit.js"],
  },
  "vitest, include": {
    files: {
      "vite.config.ts":
        'export default defineConfig({ test: { coverage: { include: ["src/**"] }, include: ["src/**/*.{check,proof}.ts"] } });',
      "src/price.ts": code,
    },
    tests: ["src/price.check.ts", "src/a/price.proof.ts"],
    sources: ["src/price.ts", "src/check.ts"],
  },
  "a package of a monorepo": {
    files: {
      "packages/app/vitest.config.mts": 'export default { test: { include: ["unit/*.ts"] } }',
      "packages/app/unit/price.ts": test,
    },
    tests: ["packages/app/unit/price.ts"],
    sources: ["unit/price.ts", "packages/core/unit/price.ts"],
  },
  "a monorepo with more tests than sources": {
    files: {
      "package.json": '{"scripts":{"test":"node --test packages/*/test/*.test.js"}}',
      "packages/a/index.js": code,
      "packages/a/test/one.test.js": test,
      "packages/a/test/two.test.js": test,
      "packages/a/test/three.test.js": test,
    },
    tests: ["packages/a/test/four.test.js"],
    sources: ["packages/a/index.js", "packages/a/new.js", "packages/b/index.js"],
  },
  "node:test, a glob in the script": {
    files: { "package.json": '{"scripts":{"test":"node --test \\"unit/**/*.js\\""}}', "unit/price.js": test },
    tests: ["unit/price.js"],
    sources: ["price.js"],
  },
  "ava, files": {
    files: { "package.json": '{"ava":{"files":["unit/**/*.js","!unit/helpers/**"]}}', "unit/price.js": test },
    tests: ["unit/price.js"],
    sources: ["src/price.js"],
  },
  "pytest, python_files": {
    files: {
      "pytest.ini": "[pytest]\npython_files = check_*.py\n  *_check.py\n",
      "checks/check_price.py": "def test_price():\n    assert price() == 1\n",
      "price.py": "def price(): return 1",
    },
    tests: ["checks/check_price.py", "shop/check_new.py", "shop/price_check.py"],
    sources: ["price.py", "shop/checks.py"],
  },
  "pytest, python_files in pyproject.toml": {
    files: {
      "pyproject.toml":
        '[tool.pytest.ini_options]\npython_files = ["check_*.py"]\n[tool.black]\nline-length = 80\n',
    },
    tests: ["check_price.py"],
    sources: ["price.py"],
  },
  "pytest, testpaths, and a helper among the sources that is named like a test": {
    files: {
      "pyproject.toml": '[tool.pytest.ini_options]\ntestpaths = ["tests"]\n',
      "src/shop/test_helpers.py": "def test_client():\n    return Client()\n",
      "tests/test_price.py": "def test_price(): pass",
    },
    tests: ["tests/test_price.py", "tests/helpers.py"],
    sources: ["src/shop/test_helpers.py"],
  },
  "a part of the program that is named like a test and holds none": {
    files: {
      "src/shop/test_data.py": "PRICES = [1, 2]\n",
      "src/load-test.js": "export const load = (url) => fetch(url);",
      "src/Speed/SpeedTest.cs": "class Speed { }",
      "src/test_price.py": "def test_price():\n    assert price() == 1\n",
    },
    tests: ["src/test_price.py", "src/new-test.js"],
    sources: ["src/shop/test_data.py", "src/load-test.js", "src/Speed/SpeedTest.cs"],
  },
  "Maven, src/main is the program": {
    files: { "pom.xml": "<project/>" },
    tests: ["src/test/java/shop/PriceTest.java"],
    sources: ["src/main/java/shop/SpeedTest.java"],
  },
  "PHPUnit, a suffix": {
    files: {
      "phpunit.xml":
        '<phpunit><testsuites><testsuite name="a"><directory suffix="Check.php">checks</directory></testsuite></testsuites></phpunit>',
    },
    tests: ["checks/PriceCheck.php"],
    sources: ["src/Price.php"],
  },
  ".NET, a test project": {
    files: {
      "Shop.Checks/Shop.Checks.csproj": '<PackageReference Include="Microsoft.NET.Test.Sdk" />',
      "Shop.Checks/Prices.cs": "[Fact] public void Adds() {}",
      "Shop/Shop.csproj": "<Project/>",
      "Shop/Price.cs": "class Price {}",
    },
    tests: ["Shop.Checks/Prices.cs", "Shop.Checks/Orders.cs"],
    sources: ["Shop/Price.cs"],
  },
  "Cargo, a test of another path": {
    files: {
      "Cargo.toml": '[[test]]\nname = "price"\npath = "checks/price.rs"\n',
      "checks/price.rs": "#[test]\nfn a() {}",
    },
    tests: ["checks/price.rs"],
    sources: ["src/price.rs"],
  },
  "a pattern that collects the program as well says nothing": {
    files: {
      ".mocharc.json": '{"spec": "src/**/*.js"}',
      "src/price.js": code,
      "src/cart.js": code,
      "src/price.test.js": test,
    },
    tests: ["src/price.test.js"],
    sources: ["src/price.js", "src/new.js"],
  },
};

describe("which files of a workspace are tests", () => {
  for (const [kind, { files, tests, sources }] of Object.entries(projects))
    it(kind, () => {
      const layout = layoutOf(files);
      for (const path of tests) assert.equal(classifyPath(path, layout), "test", path);
      for (const path of sources) assert.notEqual(classifyPath(path, layout), "test", path);
    });

  it("is the same to the programs inside a test run", () => {
    for (const { files, tests, sources } of Object.values(projects)) {
      const layout = layoutOf(files);
      const tell = (path: string): unknown => runInNewContext(`${isTestScript(layout)}(path)`, { path });
      for (const path of tests) if (!path.startsWith("UNIT")) assert.equal(tell(path), true, path);
      for (const path of sources) if (!path.startsWith("src/main/")) assert.equal(tell(path), false, path);
      assert.match(isTestScriptPython(layout), /def is_test/);
    }
  });

  it("gives each file to either the TestWriter or the Coder, in any layout", () => {
    const part = fc.constantFrom("src", "unit", "checks", "price", "a.b", "test_x", "x-test", "Unit");
    const path = fc
      .tuple(fc.array(part, { maxLength: 3 }), part, fc.constantFrom("js", "py", "ts", "cs", "json", "md"))
      .map(([folders, name, extension]) => [...folders, `${name}.${extension}`].join("/"));
    const layouts = fc.constantFrom(...Object.values(projects).map(({ files }) => layoutOf(files)));
    fc.assert(
      fc.property(path, layouts, (each, layout) => {
        assert.notEqual(mayWrite("tests", each, layout), mayWrite("sources", each, layout));
      }),
    );
  });

  it("reads any configuration without failing, and no pattern takes long", () => {
    const wild = fc.string({ unit: fc.constantFrom(..."ab*/?+(){}[]|,!\\.^$".split("")), maxLength: 60 });
    fc.assert(
      fc.property(wild, wild, (glob, other) => {
        const layout = layoutOf({
          ".mocharc.json": JSON.stringify({ spec: [glob, other] }),
          "jest.config.js": `module.exports = { testRegex: ${JSON.stringify(glob)}, testMatch: [${JSON.stringify(other)}] }`,
          "pytest.ini": `[pytest]\npython_files = ${glob}\n`,
          "a.js": "",
        });
        classifyPath(`${"a/".repeat(40)}${"ab".repeat(40)}.js`, layout);
      }),
    );
  });
});

describe("globs of runners as expressions", () => {
  const matches = (glob: string, path: string): boolean =>
    new RegExp(`^${globExpression(glob) ?? "$."}$`).test(path);

  it("match what the runners match", () => {
    assert.ok(matches("**/?(*.)+(spec|test).[jt]s?(x)", "src/a.test.tsx"));
    assert.ok(matches("**/?(*.)+(spec|test).[jt]s?(x)", "test.js"));
    assert.ok(!matches("unit/*.js", "unit/a/b.js"));
    assert.ok(matches("unit/**/*.{js,ts}", "unit/a.ts"));
    assert.ok(!matches("check_*.py", "xcheck_a.py"));
    assert.equal(globExpression("*a".repeat(20)), null);
  });

  it("are found where a configuration writes them out", () => {
    const text =
      "export default { /* test: { include: ['no'] } */ test: { include: [`a`, 'b'], coverage: { include: ['c'] } } }";
    assert.deepEqual(
      literalsAt(text, ["test", "include"]).map(({ value }) => value),
      ["a", "b"],
    );
  });
});
