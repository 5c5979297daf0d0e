import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { pythonEnvironment } from "../../../server/workspace/python-environment.ts";
import { checkTests } from "../../../server/surfaces/cli/commands/doctor-tests.ts";
import { restoreEnvironment } from "../../support/environment.ts";
import { testWorkspace, type TestWorkspace } from "../../support/workspace.ts";

describe("the Python environment of a workspace", () => {
  let at: TestWorkspace;
  const usual = { ...process.env };
  beforeEach(async () => {
    at = await testWorkspace({ "project/pyproject.toml": "[tool.poetry]\n[tool.pytest.ini_options]\n" });
  });
  afterEach(async () => {
    restoreEnvironment(usual);
    await at.remove();
  });

  const project = (): string => join(at.root, "project");
  const make = async (folder: string, ...programs: string[]): Promise<string> => {
    await at.write(`${folder}/pyvenv.cfg`, "");
    for (const program of programs) await at.write(`${folder}/bin/${program}`, "");
    return join(at.root, folder);
  };
  const found = (environment: Record<string, string> = {}): string | null =>
    pythonEnvironment(project(), { PATH: "/nowhere", ...environment }, join(at.root, "home"));

  it("is the one that Poetry keeps for the folder, or the activated one", async () => {
    const mark = createHash("sha256").update(project()).digest("base64url").slice(0, 8);
    const poetry = await make(`home/.cache/pypoetry/virtualenvs/shop-${mark}-py3.12`);
    assert.equal(found({ XDG_CACHE_HOME: join(at.root, "home/.cache") }), poetry);
    const own = await make("activated");
    assert.equal(found({ VIRTUAL_ENV: own, XDG_CACHE_HOME: join(at.root, "home/.cache") }), own);
  });

  it("is one of tox or nox with pytest, unless pytest is on PATH", async () => {
    await make("project/.tox/lint", "ruff");
    const tests = await make("project/.tox/py312", "pytest");
    assert.equal(found(), tests);
    const outer = await make("outer", "pytest");
    assert.equal(found({ PATH: join(outer, "bin") }), null);
  });

  it("is none if the workspace has its own", async () => {
    await make("project/.tox/py312", "pytest");
    await make("project/.venv");
    assert.equal(found(), null);
  });

  it("counts for the doctor although it is not activated", async () => {
    process.env.PATH = "/nowhere";
    const said = (): string[] =>
      checkTests(project(), { PATH: "/nowhere" }, join(at.root, "home")).map(({ result }) => result);
    assert.deepEqual(said(), ["failed"]);
    await make("project/.nox/tests", "pytest");
    assert.deepEqual(said(), ["ok"]);
  });
});
