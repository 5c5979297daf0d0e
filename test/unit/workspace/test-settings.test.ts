import assert from "node:assert/strict";
import { testSettings } from "../../../server/workspace/test-settings.ts";

const manifest = (changes: object): string =>
  JSON.stringify({ name: "app", scripts: { build: "tsc", test: "vitest run" }, ...changes });
const settings = (changes: object): string | null => testSettings("app/package.json", manifest(changes));

describe("test settings inside other files", () => {
  it("of a package are its test scripts and its runners' keys, and nothing else", () => {
    assert.equal(settings({ version: "2.0.0", dependencies: { a: "1" } }), settings({}));
    assert.equal(settings({ scripts: { test: "vitest run", build: "tsc -b" } }), settings({}));
    assert.notEqual(settings({ scripts: { test: "exit 0" } }), settings({}));
    assert.notEqual(settings({ jest: { testPathIgnorePatterns: ["sum"] } }), settings({}));
    assert.notEqual(settings({ scripts: { build: "tsc" } }), settings({}));
    assert.notEqual(testSettings("package.json", "{"), settings({}));
    assert.equal(testSettings("package.json", '{"name":"app"}'), null);
  });

  it("of a Python project are the sections of pytest and coverage", () => {
    const project =
      '[project]\nname = "app"\n\n[tool.pytest.ini_options]\naddopts = "-q"  \n\n[tool.black]\nline-length = 100\n';
    const own = testSettings("pyproject.toml", project);
    assert.equal(own, '[tool.pytest.ini_options]\naddopts = "-q"');
    assert.equal(testSettings("pyproject.toml", project.replace("100", "80").replaceAll("\n", "\r\n")), own);
    assert.notEqual(testSettings("pyproject.toml", project.replace("-q", "--ignore=tests")), own);
    assert.equal(
      testSettings("setup.cfg", "[tool:pytest]\ntestpaths = tests\n"),
      "[tool:pytest]\ntestpaths = tests",
    );
    assert.equal(testSettings("pyproject.toml", "[project]\n"), null);
  });

  it("of any other file are none of this rule's business", () => {
    assert.equal(testSettings("src/package.ts", manifest({})), null);
  });
});
