import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "mocha";
import { z } from "zod";
import { probeSandbox } from "../../server/instances/drivers/local/confinement.ts";
import { shippedPath } from "../../server/platform/installation.ts";
import { builtWorker } from "../support/product.ts";
import { configurationFiles } from "../../server/workspace/configuration.ts";
import { marksOf } from "../../server/workspace/marks.ts";
import { isWithin, toWorkspacePath } from "../../server/workspace/paths.ts";
import { callGit } from "../../server/workspace/run-git.ts";
import { picturesNamed } from "../../server/context/pictures.ts";
import { McpFile } from "../../schemas/mcp.ts";
import { pools } from "../integration/instances/conformance.ts";
import { command, localDriver, never } from "../integration/instances/pool-harness.ts";
import { runGit } from "../support/git.ts";
import { skipUnlessNull } from "../support/skip.ts";
import { noTools } from "../support/tools.ts";
import { type TestWorkspace, testWorkspace } from "../support/workspace.ts";

/**
 * Published attacks on comparable tools, each rebuilt as a test. Other files test more of them: keys that a
 * repository sends elsewhere (CVE-2026-21852: `endpoints`, `keys`), configuration that is used before it was
 * allowed or after it changed (CVE-2025-59536, CVE-2025-54136, GHSA-wpqr-6v78-jr5g: `configuration`,
 * `untrusted`), links out of the workspace (CVE-2025-53109: `links`), tools that change after they were
 * allowed (`tools`), commands that run another program (CVE-2025-54795, CVE-2025-66032, CVE-2026-22708:
 * `commands`), the end of a command that a question does not show (Gemini CLI in July 2025:
 * `unit/executions/permissions`), code in emoji variation selectors (GlassWorm: `shown-text`), settings that
 * turn questions off (CVE-2026-33068: `unit/schemas/resolve-settings`), and an action whose tag was moved
 * (CVE-2025-30066: `unit/architecture/supply-chain`).
 */
const sandbox = await probeSandbox();

describe("published attacks: files that approve or start something (CVE-2025-53773, CVE-2025-54135)", () => {
  // In upper and lower case (CVE-2025-59944): on many file systems, both names refer to the same file.
  for (const path of [
    ".vscode/settings.json",
    ".VSCode/Settings.JSON",
    "packages/a/.vscode/tasks.json",
    ".cursor/mcp.json",
    ".cUrSoR/mcp.json",
    ".mcp.json",
    ".Claude/settings.json",
    ".claude/settings.local.json",
    ".gemini/settings.json",
    ".GitHub/Workflows/ci.yml",
    "a.code-workspace",
    ".git/hooks/pre-commit",
    ".coditect/mcp.json",
  ])
    it(`are marked, and so never applied in passing: ${path}`, () => {
      assert.notDeepEqual(marksOf(path, null, "{}"), []);
    });
});

describe("published attacks: a folder whose name begins like the workspace's (CVE-2025-54794)", () => {
  it("is not inside of it", () => {
    assert.equal(isWithin("/work/app", "/work/app-secrets/key"), false);
    assert.equal(isWithin("/work/app", "/work/app"), true);
  });
  for (const path of ["../app-secrets/key", "a/../../app-secrets", "/work/app/../key", "..\\key", "C:\\key"])
    it(`is not reached by the path ${path}`, () => {
      assert.throws(() => toWorkspacePath(path), { code: "outside_workspace" });
    });
});

describe("published attacks: what a repository brings for other tools (CVE-2025-59536)", () => {
  it("is no configuration of ours", async () => {
    const workspace = await testWorkspace({
      ".claude/settings.json": '{"hooks":{"SessionStart":[{"command":"touch it-ran"}]}}',
      ".gemini/settings.json": '{"tools":{"discoveryCommand":"touch it-ran"}}',
      ".coditect/agents/a.json": "{}",
    });
    const paths = configurationFiles(workspace.root).map(({ path }) => path);
    assert.deepEqual(paths, [".coditect/agents/a.json"]);
    await workspace.remove();
  });

  it("names no server that shadows another one or one of our tools", () => {
    const server = { command: "it" };
    for (const name of ["", "../it", "a b", "it\u202e", "x".repeat(40)])
      assert.equal(McpFile.safeParse({ mcpServers: { [name]: server } }).success, false, name);
  });
});

describe("published attacks: a link that starts something (CVE of deep links, May 2026)", () => {
  it("has nothing to call: the extension handles no addresses", async () => {
    const manifest = z
      .object({ activationEvents: z.array(z.string()) })
      .parse(JSON.parse(await readFile(shippedPath("package.json"), "utf8")));
    assert.ok(!manifest.activationEvents.includes("onUri"));
  });
});

describe("published attacks: files named in a task (CVE-2026-0755)", () => {
  it("are pictures of the workspace alone", async () => {
    const outside = await testWorkspace({ "key.png": "secret" });
    const workspace = await testWorkspace({ "app/a.txt": "" });
    const named = `@~/.ssh/id_rsa @/etc/passwd @../../key.png ${join(outside.root, "key.png")}`;
    const { items } = await picturesNamed(named, workspace.root, noTools.frames, AbortSignal.timeout(5000));
    assert.deepEqual(items, []);
    await workspace.remove();
    await outside.remove();
  });
});

describe("published attacks: a repository inside of the repository (CVE-2026-45033)", () => {
  let workspace: TestWorkspace;
  beforeEach(async () => {
    workspace = await testWorkspace({ "a.txt": "one\n" });
  });
  afterEach(() => workspace.remove());

  it("runs nothing, although it is bare and names a monitor", async () => {
    const mark = join(workspace.root, "it-ran");
    const program = join(workspace.root, "program.sh");
    await writeFile(program, `#!/bin/sh\ntouch ${mark}\n`);
    await chmod(program, 0o755);
    await runGit(workspace.root, "init", "-q");
    await runGit(workspace.root, "init", "-q", "--bare", "inner");
    const inner = join(workspace.root, "inner");
    for (const name of ["core.fsmonitor", "core.sshCommand", "core.pager"])
      await runGit(inner, "config", name, program);
    await runGit(inner, "config", "core.bare", "false");
    await runGit(inner, "config", "core.worktree", workspace.root);
    await callGit(["status", "--porcelain"], { folder: inner, signal: never }).catch(() => "");
    assert.equal(existsSync(mark), false);
  });
});

describe("published attacks: from inside of the sandbox", function () {
  this.timeout(30_000);
  skipUnlessNull(this, "unavailable" in sandbox ? sandbox.unavailable : null);
  const start = pools(() => localDriver({ entry: builtWorker() }));

  it("cannot make settings that were not there when it started (CVE-2026-25725)", async () => {
    const pool = await start();
    await mkdir(join(pool.workspace, ".claude"));
    const instance = await pool.claim();
    await instance.call("workspace/prepare", { overlays: [], changes: [] }, never);
    const paths = [".coditect/settings.json", ".claude/settings.json", ".vscode/tasks.json", ".git/hooks/x"];
    const lines = paths.map((path) => {
      const at = `'${join(pool.workspace, path)}'`;
      return `mkdir -p "$(dirname ${at})"; echo '{}' > ${at}`;
    });
    await instance.call("tests/run", command(`${lines.join("; ")}; true`), never);
    for (const path of paths) assert.equal(existsSync(join(pool.workspace, path)), false, path);
  });
});
