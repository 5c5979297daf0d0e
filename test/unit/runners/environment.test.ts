import assert from "node:assert/strict";
import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import type { TestReport } from "../../../schemas/tests.ts";
import { environmentProblem, missingProgram } from "../../../server/worker/runners/environment.ts";
import { detectRunner } from "../../../server/worker/runners/detect.ts";
import { testReport } from "../../support/reports.ts";
import { testWorkspace } from "../../support/workspace.ts";

const crashed = (output: string): TestReport =>
  testReport({ runner: "mocha", command: ["npm", "test"], outcome: "crashed", exit_code: 1, output });

describe("a broken environment", () => {
  const mends: [what: string, files: Record<string, string>, mend: string][] = [
    [
      "a lock file of npm",
      { "package.json": '{"devDependencies":{"jest":"1"}}', "package-lock.json": "{}" },
      "npm ci",
    ],
    [
      "one of pnpm",
      { "package.json": '{"devDependencies":{"jest":"1"}}', "pnpm-lock.yaml": "" },
      "pnpm install",
    ],
    ["none", { "package.json": '{"devDependencies":{"jest":"1"}}' }, "npm install"],
    [
      "a runner that the manifest does not name",
      { "package.json": '{"scripts":{"test":"vitest"}}' },
      "npm install --save-dev vitest",
    ],
  ];
  for (const [what, files, mend] of mends)
    it(`is mended by the project's own package manager: ${what}`, async () => {
      const workspace = await testWorkspace(files);
      const detected = detectRunner(workspace.root);
      assert.ok(detected !== null);
      const told = missingProgram(detected);
      await workspace.remove();
      assert.equal(told.mend, `Run \`${mend}\` in the project.`);
    });

  it("is recognized by what the runner printed about its crash", () => {
    const told = environmentProblem(
      "/",
      crashed("> demo@1 test\n> mocha\n\nReading files\nError: bad configuration.\n"),
    );
    assert.equal(told?.problem, "`npm test` ended without the result of a test: Error: bad configuration");
  });

  it("is named by the error, and not by the source line that threw it", () => {
    const said =
      "file:///tap/fetch.js:120\n      reject(new FetchError(`request failed`))\n\nFetchError: request to https://registry.npmjs.org/tap failed\n";
    assert.match(environmentProblem("/", crashed(said))?.problem ?? "", /: FetchError: request to /);
  });

  it("is recognized by a program of the test script that the shell does not find", async () => {
    const workspace = await testWorkspace({ "package.json": '{"devDependencies":{"npm-run-all2":"8"}}' });
    const said = ["sh: 1: run-s: not found", "sh: run-s: command not found", "sh: line 1: run-s: not found"];
    const told = said.map((line) => environmentProblem(workspace.root, crashed(line))?.mend);
    await workspace.remove();
    assert.deepEqual(
      told,
      said.map(() => "Run `npm install` in the project."),
    );
  });

  it("is recognized by packages that are not installed when the build before the tests fails", async () => {
    const workspace = await testWorkspace({
      "package.json": '{"devDependencies":{"@types/node":"24","tshy":"3"}}',
      "node_modules/tshy/package.json": "{}",
      "test/a.ts": "",
    });
    const message = "src/index.ts(26,10): error TS2552: Cannot find name 'process'. Did you mean 'PROCESS'?";
    const failed = (file: string): TestReport =>
      testReport({ outcome: "load_error", exit_code: 1, load_errors: [{ file, message }] });
    const told = environmentProblem(workspace.root, failed("npm run prepare"));
    const ofTest = environmentProblem(workspace.root, failed("test/a.ts"));
    await workspace.remove();
    assert.deepEqual(told, {
      problem: "the package @types/node is not installed",
      mend: "Run `npm install` in the project.",
    });
    assert.equal(ofTest, null, "the test file itself cannot be loaded");
  });

  it("is recognized by a package that npx cannot fetch", async () => {
    const workspace = await testWorkspace({ "package.json": '{"devDependencies":{"cross-env":"7"}}' });
    const toldFor = (name: string, outcome: TestReport["outcome"] = "failed") =>
      environmentProblem(workspace.root, {
        ...crashed(
          `npm error code ENOTCACHED\nnpm error request to https://registry.npmjs.org/${name} failed: cache mode is 'only-if-cached' but no cached response is available.`,
        ),
        ...{ runner: "command", outcome },
      });
    const [own, foreign] = [toldFor("cross-env"), toldFor("@scope%2fcheck")];
    const wrong = toldFor("x;curl$IFS-sSf");
    const overcome = toldFor("cross-env", "passed");
    await workspace.remove();
    assert.equal(own?.mend, "Run `npm install` in the project.");
    assert.match(foreign?.problem ?? "", /^the package @scope\/check, /);
    assert.equal(foreign?.mend, "Run `npm install --save-dev @scope/check` in the project.");
    assert.equal(overcome, null, "the command went on without it, and passed");
    assert.equal(wrong, null, "a name that no package can have is in no command");
  });

  it("is recognized by an environment file that tests miss", () => {
    const told = environmentProblem("/", crashed("> demo@1 test\nnode: .env.test: not found"));
    assert.match(told?.problem ?? "", /^\.env\.test is not in the private copy/);
  });

  it("is recognized by a dependency that is a link out of reach, even if nothing has run yet", async () => {
    const workspace = await testWorkspace({ "package.json": '{"dependencies":{"core":"file:../core"}}' });
    await mkdir(join(workspace.root, "node_modules"));
    await symlink("../../core", join(workspace.root, "node_modules/core"));
    const told = environmentProblem(workspace.root, testReport({ outcome: "no_tests" }));
    await workspace.remove();
    assert.match(told?.problem ?? "", /core is a link to a folder outside/);
  });

  const programs: [
    files: Record<string, string>,
    given: Partial<TestReport>,
    problem: string,
    mend: string,
  ][] = [
    [
      {},
      { command: ["/bin/sh", "-c", "uv run pytest"], exit_code: 127, output: "sh: 1: uv: not found\n" },
      "uv, which the test command starts, is not installed",
      "Run `pipx install uv`.",
    ],
    [
      {},
      {
        command: ["/bin/sh", "-c", "make test"],
        outcome: "failed",
        exit_code: 2,
        output:
          "pytest -q\nmake: pytest: No such file or directory\nmake: *** [Makefile:2: test] Error 127\n",
      },
      "pytest, which Makefile starts, is not installed",
      "Run `python3 -m venv .venv && .venv/bin/pip install pytest` in the project.",
    ],
    [
      {},
      {
        command: ["/bin/sh", "-c", "nox"],
        outcome: "failed",
        exit_code: 1,
        output: "nox > Running session tests\nnox > Program nosuch not found.\nnox > Session tests failed.\n",
      },
      "nosuch, which noxfile.py starts, is not installed",
      "Install nosuch, or use --test-command to name a command that works without it.",
    ],
    [
      {},
      {
        command: ["/bin/sh", "-c", "tox"],
        outcome: "failed",
        exit_code: 1,
        output:
          "py run-test: commands[0] | tox\nERROR: InvocationError for command could not find executable tox\n___ summary ___\nERROR:   py: commands failed\n",
      },
      "tox, which the test command starts, is not installed",
      "Run `pipx install tox`.",
    ],
    [
      {},
      {
        command: ["/bin/sh", "-c", "doit test"],
        outcome: "failed",
        exit_code: 2,
        output:
          "/bin/sh: 1: just: not found\n.  test\nTaskError - taskid:test\nCommand error: 'just -q' returned 127\n",
      },
      "just, which the test command starts, is not installed",
      "Install just: https://just.systems.",
    ],
    [
      { "package.json": '{"scripts":{"test":"make check"}}' },
      { command: ["npm", "test"], exit_code: 127, output: "> make check\n\nsh: 1: make: not found\n" },
      "make, which the test script in package.json starts, is not installed",
      process.platform === "darwin" ? "Run `brew install make`." : "Run `sudo apt-get install make`.",
    ],
    [
      { "pyproject.toml": "[tool.poetry]\nname = 'shop'\n" },
      {
        command: ["/bin/sh", "-c", "poetry run python -m pytest"],
        outcome: "failed",
        exit_code: 1,
        output:
          "/home/me/.cache/pypoetry/virtualenvs/shop-x9fB9ew5-py3.11/bin/python: No module named pytest",
      },
      "the Python package pytest is not installed",
      "Run `poetry add --group dev pytest` in the project.",
    ],
  ];
  for (const [files, given, problem, mend] of programs)
    it(`is a program that the test command does not find: ${problem}`, async () => {
      const workspace = await testWorkspace(files);
      const told = environmentProblem(workspace.root, {
        ...crashed(given.output ?? ""),
        runner: "command",
        ...given,
      });
      await workspace.remove();
      assert.deepEqual(told, { problem, mend });
    });

  it("is not a test that prints that a program is missing", () => {
    const output = "expected: sh: 1: uv: not found\nsh: 1: uv: not found\n1 test failed\n";
    const failed = { ...crashed(output), runner: "command", outcome: "failed", exit_code: 1 } as const;
    assert.equal(environmentProblem("/", failed), null);
  });

  const empty = [
    'go: warning: "./..." matched no packages\nno packages to test',
    "Usage:\n  phpunit [options] <directory>",
    "  ✘ Couldn't find any files to test",
    "No tests found",
  ];
  for (const output of empty)
    it(`is not a project without tests: ${output.split("\n")[0] ?? ""}`, () => {
      assert.equal(environmentProblem("/", crashed(output)), null);
    });

  const toolchains: [
    what: string,
    files: Record<string, string>,
    said: string,
    problem: string,
    mend: string,
  ][] = [
    [
      "a Python package",
      { "requirements.txt": "PyYAML==6.0\npytest\n" },
      "E   ModuleNotFoundError: No module named 'yaml.nodes'",
      "the Python package yaml is not installed",
      "python3 -m venv .venv && .venv/bin/pip install pytest -r requirements.txt",
    ],
    [
      "a Python package of a project with poetry",
      { "pyproject.toml": "[project]\ndependencies = ['typing-extensions>=4']\n", "poetry.lock": "" },
      "E   ModuleNotFoundError: No module named 'typing_extensions'",
      "the Python package typing_extensions is not installed",
      "poetry install",
    ],
    [
      "a Python package of a list with several lines",
      { "pyproject.toml": '[project]\nname = "shop"\ndependencies = [\n  "requests[socks]>=2",\n]\n' },
      "E   ModuleNotFoundError: No module named 'requests'",
      "the Python package requests is not installed",
      "python3 -m venv .venv && .venv/bin/pip install pytest -e .",
    ],
    [
      "a gem",
      { Gemfile: "source 'https://rubygems.org'\ngem 'money'\n" },
      "LoadError:\n  cannot load such file -- money",
      "the gem money is not installed",
      "bundle install",
    ],
    [
      "a Go module",
      { "go.mod": "module shop\nrequire github.com/pkg/errors v0.9.1\n" },
      'a.go:2:8: github.com/pkg/errors@v0.9.1: Get "https://proxy.golang.org/github.com": dial tcp: no such host',
      "the Go module github.com/pkg/errors@v0.9.1 is not on this machine, and instances have no network",
      "go mod download",
    ],
    [
      "a crate",
      { "Cargo.toml": '[dependencies]\nserde = "1"\n' },
      "error: no matching package named `serde` found\nlocation searched: crates.io index",
      "Cargo has no copy of serde on this machine, and instances have no network",
      "cargo fetch",
    ],
    [
      "PHP's packages",
      { "composer.json": "{}" },
      'Cannot open file "vendor/autoload.php".',
      "PHP's packages are not installed: vendor/autoload.php is missing",
      "composer install",
    ],
    [
      "a native package for another Node.js",
      { "package.json": "{}" },
      "Error: The module 'node_modules/sqlite/build/sqlite.node'\nwas compiled against a different Node.js version using",
      "node_modules/sqlite/build/sqlite.node was built for another version of Node.js",
      "npm rebuild",
    ],
  ];
  for (const [what, files, said, problem, mend] of toolchains)
    it(`is recognized by what a language prints about ${what}`, async () => {
      const workspace = await testWorkspace(files);
      const failure = { file: "test/a", message: said };
      const told = environmentProblem(
        workspace.root,
        testReport({ outcome: "load_error", load_errors: [failure] }),
      );
      await workspace.remove();
      assert.deepEqual(told, { problem, mend: `Run \`${mend}\` in the project.` });
    });

  it("is recognized if every test misses the browser, but not if only one of them does", async () => {
    const workspace = await testWorkspace({ "package.json": "{}" });
    const message =
      "browserType.launch: Executable doesn't exist at /cache/chrome\n║ npx playwright install ║";
    const test = (name: string, words: string) =>
      ({ file: "a.spec.ts", name, status: "failed", duration_ms: 1, message: words }) as const;
    const told = (words: string) => {
      const tests = [test("opens", message), test("closes", words)];
      const counts = { passed: 0, failed: 2, skipped: 0 };
      return environmentProblem(workspace.root, testReport({ outcome: "failed", counts, tests }));
    };
    assert.match(told(message)?.mend ?? "", /npx playwright install/);
    assert.equal(told("expected 1 to be 2"), null);
    await workspace.remove();
  });

  const ofCode: [what: string, files: Record<string, string>, said: string][] = [
    ["a module that no list names", { "requirements.txt": "pytest\n" }, "No module named 'shop'"],
    [
      "a module of the project, which its settings name",
      {
        "pyproject.toml":
          '[project]\nname = "shop"\ndependencies = [\n  "requests>=2",\n]\n[tool.setuptools]\npackages = ["shop"]\n[tool.isort]\nknown = "shop"\n',
        "setup.cfg":
          "[metadata]\nname = shop\n[options]\ninstall_requires =\n    requests\npackages =\n    shop\n",
      },
      "No module named 'shop.cart'",
    ],
    [
      "a file of the gem itself",
      { "shop.gemspec": 'Gem::Specification.new do |spec|\n  spec.name = "shop"\nend\n' },
      "cannot load such file -- shop/cart",
    ],
    [
      "a package of the Go module itself",
      { "go.mod": "module github.com/me/shop\n" },
      "cart_test.go:3:8: no required module provides package github.com/me/shop/cart; to add it:",
    ],
  ];
  for (const [what, files, message] of ofCode)
    it(`is not ${what}`, async () => {
      const workspace = await testWorkspace(files);
      const report = testReport({ outcome: "load_error", load_errors: [{ file: "test_a", message }] });
      const told = environmentProblem(workspace.root, report);
      await workspace.remove();
      assert.equal(told, null);
    });
});
