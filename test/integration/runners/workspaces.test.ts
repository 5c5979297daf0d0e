import assert from "node:assert/strict";
import { programOnPath } from "../../../server/worker/runners/package.ts";
import { skipUnlessNull } from "../../support/skip.ts";
import { makeProject, outline, type Project } from "./project.ts";

interface Shape {
  what: string;
  /** A program it cannot do without. */
  program: string;
  files: Record<string, string>;
  /** All tests of the whole suite. */
  all: string[];
  /** A test file, and its tests when it is run alone. */
  file: string;
  ofFile: string[];
}

const goTest = (name: string, body = ""): string =>
  `package ${name}\n\nimport "testing"\n\nfunc TestSum(t *testing.T) {${body}}\n`;
const crate = (name: string): string => `[package]\nname = "${name}"\nversion = "0.1.0"\nedition = "2021"\n`;
const vitestFile = 'import { it } from "vitest";\nit("is there", () => {});\n';

const shapes: Shape[] = [
  {
    what: "a Go workspace",
    program: "go",
    files: {
      "go.work": "go 1.18\n\nuse (\n\t./cart // the cart\n\t./shop\n)\n",
      "cart/go.mod": "module example/cart\n\ngo 1.18\n",
      "cart/sum_test.go": goTest("cart", ' t.Error("no sum") '),
      "shop/go.mod": "module example/shop\n\ngo 1.18\n",
      "shop/deep/sum_test.go": goTest("deep"),
    },
    all: ["cart/sum_test.go > TestSum: failed", "shop/deep/sum_test.go > TestSum: passed"],
    file: "cart/sum_test.go",
    ofFile: ["cart/sum_test.go > TestSum: failed"],
  },
  {
    what: "Go modules in folders of their own",
    program: "go",
    files: {
      "cart/go.mod": "module example/cart\n\ngo 1.18\n",
      "cart/sum_test.go": goTest("cart"),
      "shop/go.mod": "module example/shop\n\ngo 1.18\n",
      "shop/sum_test.go": goTest("shop"),
    },
    all: ["cart/sum_test.go > TestSum: passed", "shop/sum_test.go > TestSum: passed"],
    file: "shop/sum_test.go",
    ofFile: ["shop/sum_test.go > TestSum: passed"],
  },
  {
    what: "a Cargo workspace, with tests of one name and tests in documentation",
    program: "cargo",
    files: {
      "Cargo.toml": '[workspace]\nmembers = ["crates/*"]\nresolver = "2"\n',
      "crates/cart/Cargo.toml": crate("cart"),
      "crates/cart/src/lib.rs":
        "/// One.\n/// ```\n/// assert_eq!(cart::one(), 2);\n/// ```\npub fn one() -> i32 { 1 }\n",
      "crates/cart/tests/outer.rs": "#[test]\nfn works() {}\n",
      "crates/web-shop/Cargo.toml": crate("web-shop"),
      "crates/web-shop/src/lib.rs": "#[cfg(test)]\nmod tests {\n    #[test]\n    fn works() {}\n}\n",
      "crates/web-shop/tests/outer.rs": "#[test]\nfn works() { panic!() }\n",
    },
    all: [
      "crates/cart/src/lib.rs > doc test > one: failed",
      "crates/cart/tests/outer.rs > works: passed",
      "crates/web-shop/src/lib.rs > tests > works: passed",
      "crates/web-shop/tests/outer.rs > works: failed",
    ],
    file: "crates/web-shop/tests/outer.rs",
    ofFile: ["crates/web-shop/tests/outer.rs > works: failed"],
  },
  {
    what: "an npm package with a Python service in it, and fixtures that are nobody's tests",
    program: "pytest",
    files: {
      "package.json": JSON.stringify({ scripts: { test: "vitest run web" } }),
      "web/page.test.js": vitestFile,
      "service/conftest.py": "",
      "service/tests/test_api.py": "def test_answers():\n    pass\n",
      "fixtures/project/conftest.py": "",
      "fixtures/project/test_never.py": "def test_never():\n    raise Exception\n",
    },
    all: ["service/tests/test_api.py > test_answers: passed", "web/page.test.js > is there: passed"],
    file: "service/tests/test_api.py",
    ofFile: ["service/tests/test_api.py > test_answers: passed"],
  },
  {
    what: "a script that sets Node's options itself",
    program: "node",
    files: {
      "package.json": JSON.stringify({ scripts: { test: "NODE_OPTIONS=--no-warnings vitest run" } }),
      "page.test.js": vitestFile,
    },
    all: ["page.test.js > is there: passed"],
    file: "page.test.js",
    ofFile: ["page.test.js > is there: passed"],
  },
  {
    what: "a Python project with its code below src, which is not installed",
    program: "pytest",
    files: {
      "pyproject.toml": '[project]\nname = "shop"\nversion = "1"\n\n[tool.pytest.ini_options]\n',
      "src/shop/__init__.py": "",
      "tests/test_shop.py": "import shop\n\n\ndef test_is_there():\n    pass\n",
    },
    all: ["tests/test_shop.py > test_is_there: passed"],
    file: "tests/test_shop.py",
    ofFile: ["tests/test_shop.py > test_is_there: passed"],
  },
];

describe("the tests of a workspace", () => {
  for (const { what, program, files, all, file, ofFile } of shapes)
    describe(`of ${what}`, function () {
      skipUnlessNull(this, programOnPath(program) === null ? `${program} is not installed` : null);
      let project: Project;
      before(async () => {
        project = await makeProject(files);
      });
      after(() => project.remove());

      it("reports those of every package, each with its file", async () => {
        assert.deepEqual(outline(await project.test()), all);
      });
      it("runs those of one file by the runner of its package", async () => {
        assert.deepEqual(outline(await project.test({ files: [file] })), ofFile);
      });
    });
});
