import assert from "node:assert/strict";
import { detectRunner, detectSuite } from "../../../server/worker/runners/detect.ts";
import { testWorkspace, type TestWorkspace } from "../../support/workspace.ts";

const manifest = (fields: object): string => JSON.stringify(fields);
const installed = (name: string): Record<string, string> => ({
  [`node_modules/${name}/package.json`]: manifest({ name, bin: { [name]: `bin/${name}.js` } }),
});

describe("detectRunner", () => {
  const open: TestWorkspace[] = [];
  afterEach(async () => {
    await Promise.all(open.splice(0).map((workspace) => workspace.remove()));
  });
  const workspaceOf = async (files: Record<string, string>): Promise<string> => {
    const workspace = await testWorkspace(files);
    open.push(workspace);
    return workspace.root;
  };
  const runnerOf = async (files: Record<string, string>, file: string | null = null) =>
    detectRunner(await workspaceOf(files), file)?.runner ?? null;

  const shapes: [what: string, files: Record<string, string>, file: string | null, runner: string | null][] =
    [
      ["a test script", { "package.json": manifest({ scripts: { test: "vitest run" } }) }, null, "vitest"],
      [
        "a test script over the dependencies",
        {
          "package.json": manifest({
            scripts: { test: "mocha" },
            devDependencies: { jest: "1", vitest: "1" },
          }),
        },
        null,
        "mocha",
      ],
      [
        "a script behind others, wrapped and with a path",
        {
          "package.json": manifest({
            scripts: {
              test: "npm run lint && npm run test:unit",
              lint: "eslint .",
              "test:unit": "cross-env A=1 c8 ./node_modules/.bin/mocha -r x",
            },
          }),
        },
        null,
        "mocha",
      ],
      [
        "a script that calls itself",
        { "package.json": manifest({ scripts: { test: "npm run again", again: "npm test" } }) },
        null,
        "command",
      ],
      [
        "a task of make, for a language without a runner of ours",
        { Makefile: "CFLAGS := -O2\n\nall: a\n\ntest: a\n\t./a\n", "a.c": "" },
        "a.c",
        "command",
      ],
      ["a Makefile without a test", { Makefile: "test := 1\ntests: a\n", "a.c": "" }, null, null],
      [
        "a task of just, for a language without a runner of ours",
        { justfile: "@test *args: build\n    zig build test {{args}}\n", "a.zig": "" },
        null,
        "command",
      ],
      [
        "a task of Task, for a language without a runner of ours",
        {
          "Taskfile.yml": "version: '3'\ntasks:\n  build:\n    cmds: [x]\n  test:\n    cmds: [y]\n",
          "a.zig": "",
        },
        null,
        "command",
      ],
      [
        "Python tests with a Makefile",
        { Makefile: "test:\n\tpytest\n", "tests/test_a.py": "" },
        "tests/test_a.py",
        "pytest",
      ],
      [
        "node's own runner",
        { "package.json": manifest({ scripts: { test: "node --import tsx --test src/*.ts" } }) },
        null,
        "node:test",
      ],
      [
        "a script that builds its tests first",
        { "package.json": manifest({ scripts: { pretest: "tsc", test: "mocha 'dist/test/**/*.js'" } }) },
        null,
        "command",
      ],
      [
        "a folder of a CMake project, which only its root builds",
        { "CMakeLists.txt": "project(shop)", "tests/CMakeLists.txt": "", "tests/cart.c": "" },
        "tests/cart.c",
        "ctest",
      ],
      ["another program", { "package.json": manifest({ scripts: { test: "zora" } }) }, null, "command"],
      ["tape", { "package.json": manifest({ scripts: { test: "tape test | tap-spec" } }) }, null, "tape"],
      [
        "the configuration under npm's placeholder",
        {
          "package.json": manifest({ scripts: { test: 'echo "Error: no test specified" && exit 1' } }),
          "jest.config.js": "",
        },
        null,
        "jest",
      ],
      [
        "the configuration, for a file of a package whose script is a program of its own",
        { "package.json": manifest({ scripts: { test: "node scripts/test.mjs" } }), ".mocharc.json": "{}" },
        "test/a.test.js",
        "mocha",
      ],
      [
        "the whole suite of a package whose script is a program of its own",
        { "package.json": manifest({ scripts: { test: "node scripts/test.mjs" } }), ".mocharc.json": "{}" },
        null,
        "command",
      ],
      [
        "Node's runner, for a file written for it, where the script is a program of its own",
        {
          "package.json": manifest({ scripts: { test: "tsx --env-file=test.env test/index.ts --bail" } }),
          "test/a.test.ts": 'import { it } from "node:test";',
        },
        "test/a.test.ts",
        "node:test",
      ],
      [
        "the whole script, where the program is built",
        {
          "package.json": manifest({ scripts: { test: "tsc && node dist/test.js" } }),
          "test/a.test.ts": 'import { it } from "node:test";',
        },
        "test/a.test.ts",
        "command",
      ],
      [
        "a file that two configured runners may run",
        {
          ...{ "package.json": manifest({ scripts: { test: "make test" } }), "jest.config.js": "" },
          "playwright.config.ts": "",
        },
        "test/a.test.js",
        "command",
      ],
      [
        "what a test file imports, where the script is a program of its own",
        {
          "package.json": manifest({ scripts: { test: "gulp test" }, devDependencies: { mocha: "1" } }),
          "test/a.test.js": "import { it } from 'mocha';",
        },
        "test/a.test.js",
        "mocha",
      ],
      ["a dependency", { "package.json": manifest({ devDependencies: { vitest: "1" } }) }, null, "vitest"],
      ["a field of package.json", { "package.json": manifest({ mocha: { spec: "x" } }) }, null, "mocha"],
      ["a package that says nothing", { "package.json": "{}" }, null, "node:test"],
      ["a package.json that cannot be read", { "package.json": "{", "a.test.js": "" }, null, "node:test"],
      ["tests without a package", { "a.test.mjs": "" }, null, "node:test"],
      ["pyproject.toml", { "pyproject.toml": "[tool.pytest.ini_options]\n" }, null, "pytest"],
      ["setup.cfg", { "setup.cfg": "[tool:pytest]\n" }, null, "pytest"],
      ["conftest.py", { "conftest.py": "" }, null, "pytest"],
      ["a Python project that says nothing", { "setup.py": "" }, null, "pytest"],
      ["another language's project file", { "go.mod": "module shop\n" }, null, "go"],
      [
        "what a test file imports, where the package has that runner, too",
        {
          "package.json": manifest({
            scripts: { test: "vitest", e2e: "playwright test" },
            devDependencies: { "@playwright/test": "1" },
          }),
          "tests/a.spec.ts": "import { test } from '@playwright/test';",
        },
        "tests/a.spec.ts",
        "playwright",
      ],
      [
        "what a test file imports, of two runners of the script",
        {
          "package.json": manifest({ scripts: { test: "mocha 'test/**' && node --test" } }),
          "test/a.js": 'const test = require("node:test");',
        },
        "test/a.js",
        "node:test",
      ],
      [
        "the name of a test of components",
        {
          "package.json": manifest({ scripts: { test: "vitest" }, devDependencies: { cypress: "1" } }),
        },
        "src/button.cy.tsx",
        "cypress",
      ],
      ["bun test", { "package.json": manifest({ scripts: { test: "bun test src" } }) }, null, "bun"],
      [
        "another runner that Bun starts",
        { "package.json": manifest({ scripts: { test: "bun run vitest" } }) },
        null,
        "vitest",
      ],
      ["Bun's lock file", { "package.json": "{}", "bun.lock": "" }, null, "bun"],
      ["Deno's configuration", { "deno.json": "{}", "a_test.ts": "" }, null, "deno"],
      ["nox", { "noxfile.py": 'session.run("pytest")' }, null, "pytest"],
      ["nothing", { "README.md": "" }, null, null],
      [
        "the file's language in a project of two",
        {
          "package.json": manifest({ scripts: { test: "vitest" } }),
          "pyproject.toml": "[tool.pytest.ini_options]",
        },
        "tests/test_a.py",
        "pytest",
      ],
      [
        "the nearest package",
        {
          "package.json": manifest({ scripts: { test: "turbo run test" } }),
          "packages/a/package.json": manifest({ scripts: { test: "jest" } }),
        },
        "packages/a/src/new/a.test.js",
        "jest",
      ],
      [
        "the root when the package says nothing",
        { "package.json": manifest({ scripts: { test: "vitest" } }), "packages/a/package.json": "{}" },
        "packages/a/a.test.ts",
        "vitest",
      ],
    ];
  for (const [what, files, file, runner] of shapes) {
    it(`is found from ${what}`, async () => {
      assert.equal(await runnerOf(files, file), runner);
    });
  }

  it("runs a Python test of no project where its imports begin", async () => {
    const root = await workspaceOf({
      "shop/cart.py": "",
      "tests/unit/test_cart.py": "",
      "service/api/__init__.py": "",
      "service/api/test_api.py": "",
    });
    const folders = ["tests/unit/test_cart.py", "service/api/test_api.py"].map(
      (file) => detectRunner(root, file)?.folder,
    );
    assert.deepEqual(folders, [root, `${root}/service`]);
  });

  it("runs a Python test where its project begins, although its own folder has a conftest.py", async () => {
    const root = await workspaceOf({
      "package.json": manifest({ scripts: { test: "vitest" } }),
      "shop/pyproject.toml": '[project]\nname = "shop"\n',
      "shop/src/shop/cart.py": "",
      "shop/tests/conftest.py": "",
      "shop/tests/unit/conftest.py": "",
      "shop/tests/unit/test_cart.py": "",
      "tools/sort.py": "",
      "tools/tests/conftest.py": "",
      "tools/tests/test_sort.py": "",
    });
    const found = ["shop/tests/unit/test_cart.py", "tools/tests/test_sort.py"].map((file) =>
      detectRunner(root, file),
    );
    assert.deepEqual(
      found.map((runner) => [runner?.runner, runner?.folder, runner?.source]),
      [
        ["pytest", `${root}/shop`, "pyproject.toml"],
        ["pytest", `${root}/tools`, "tests/conftest.py"],
      ],
    );
  });

  it("knows the flags, variables and program of the project", async () => {
    const root = await workspaceOf({
      "package.json": manifest({
        scripts: { test: "TZ=UTC node --expose-gc node_modules/mocha/bin/mocha.js --require 'a b' spec/**" },
      }),
      ...installed("mocha"),
    });
    const found = detectRunner(root);
    assert.equal(found?.program, `${root}/node_modules/mocha/bin/mocha.js`);
    assert.deepEqual(found.script, {
      env: { TZ: "UTC" },
      before: ["node", "--expose-gc"],
      name: "node_modules/mocha/bin/mocha.js",
      args: ["--require", "a b", "spec/**"],
    });
  });

  it("builds what the script builds before the tests, without its checks of style and types", async () => {
    const root = await workspaceOf({
      "package.json": manifest({
        scripts: {
          pretest: "pnpm run compile && pnpm lint",
          test: "pnpm test:types && pnpm check && echo {} > made.json && node make.js && vitest run",
          lint: "node tools/style.js",
          "test:types": "tsgo --noEmit && pnpm exports",
          exports: "attw --pack",
          check: "pnpm test:types && node checks.js",
          compile: "tsc -p src",
        },
      }),
      ...installed("vitest"),
    });
    assert.deepEqual(detectRunner(root)?.before, [
      "pnpm run compile",
      "pnpm check",
      "echo {} > made.json",
      "node make.js",
    ]);
  });

  const steps: [line: string, isBuilt: boolean][] = [
    ["npm run lint-and-build", true],
    ["node scripts/format-data.js", true],
    ["npm run build-standard", true],
    ["node build/standard.js", true],
    ["npm run lint", false],
    ["pnpm lint:css", false],
    ["turbo run lint", false],
    ["npm run lint -- --fix", false],
    ["npx --no-install eslint@9 .", false],
    ["NODE_ENV=test cross-env A=1 prettier --check .", false],
    ["node node_modules/eslint/bin/eslint.js .", false],
    ["tsc -p . --noEmit", false],
    ["tsc -p .", true],
    ["npm audit", false],
    ["uv run ruff check", false],
    ["python -m mypy src", false],
    ["echo tests follow", false],
    ["echo {} > made.json", true],
  ];
  for (const [line, isBuilt] of steps)
    it(`${isBuilt ? "runs" : "leaves out"} \`${line}\` before single tests`, async () => {
      const scripts = {
        test: `${line} && vitest run`,
        "lint-and-build": "eslint . && tsc -p .",
        "build-standard": "node build.js",
        lint: "node tools/style.js",
        "lint:css": "stylelint .",
      };
      const root = await workspaceOf({ "package.json": manifest({ scripts }), ...installed("vitest") });
      assert.deepEqual(detectRunner(root)?.before, isBuilt ? [line] : []);
    });

  it("takes pytest of the project's own environment first", async () => {
    const root = await workspaceOf({ "pytest.ini": "", ".venv/pyvenv.cfg": "", ".venv/bin/pytest": "" });
    assert.equal(detectRunner(root)?.program, `${root}/.venv/bin/pytest`);
  });

  it("says that a runner is not installed", async () => {
    const root = await workspaceOf({ "package.json": manifest({ scripts: { test: "vitest" } }) });
    assert.equal(detectRunner(root)?.program, null);
  });

  it("finds the runners of all packages where the root has none of its own", async () => {
    const root = await workspaceOf({
      "package.json": manifest({ scripts: { test: "npm test --workspaces" } }),
      "packages/b/package.json": manifest({ scripts: { test: "jest" } }),
      "packages/a/package.json": manifest({ scripts: { test: "node --test" } }),
      "tools/pyproject.toml": "[tool.pytest.ini_options]",
      "node_modules/x/package.json": manifest({ scripts: { test: "mocha" } }),
    });
    assert.deepEqual(
      detectSuite(root).map(({ runner, folder }) => [folder.slice(root.length + 1), runner]),
      [
        ["packages/a", "node:test"],
        ["packages/b", "jest"],
        ["tools", "pytest"],
      ],
    );
  });

  it("keeps to the root's own runner", async () => {
    const root = await workspaceOf({
      "package.json": manifest({ scripts: { test: "vitest" } }),
      "packages/a/package.json": manifest({ scripts: { test: "vitest" } }),
    });
    assert.deepEqual(
      detectSuite(root).map(({ folder }) => folder),
      [root],
    );
  });
});
