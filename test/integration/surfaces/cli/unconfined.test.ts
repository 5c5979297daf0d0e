import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, afterEach, before, beforeEach, describe, it } from "mocha";
import { builtInScript, copySample } from "../../../../server/rehearsal/built-in.ts";
import { startRehearsal, type RehearsalServer } from "../../../../server/rehearsal/server.ts";
import { programPath } from "../../../../server/workspace/find-program.ts";
import { runGit } from "../../../support/git.ts";
import { cleanEnvironment, runCommand } from "../../../support/command.ts";
import { skipUnlessNull } from "../../../support/skip.ts";
import { commandLine } from "../../../support/product.ts";

const SCRIPT = "/usr/bin/script";

describe("coditect run where there is no sandbox", () => {
  let programs: string;
  let workspace: string;
  let model: RehearsalServer;
  let args: string[];
  before(async () => {
    // A machine that has Node and nothing to confine it with.
    programs = await mkdtemp(join(tmpdir(), "coditect-programs-"));
    await symlink(process.execPath, join(programs, "node"));
    const script = await builtInScript("architecture");
    model = await startRehearsal([script]);
    const provider = ["--provider", "ollama", "--model", "rehearsal", "--endpoint", model.endpoint];
    args = ["run", "architecture", "--task", script.task, ...provider];
  });
  after(async () => {
    await model.close();
    await rm(programs, { recursive: true });
  });
  beforeEach(async () => {
    workspace = await copySample();
  });
  afterEach(() => rm(workspace, { recursive: true }));

  const run = (...more: string[]) =>
    runCommand([...args, ...more], { folder: workspace, environment: { PATH: programs } });

  it("starts nothing before it was allowed if it is to ask and nobody is there", async () => {
    const { exit_code, stderr } = await run("--unconfined", "ask");
    assert.equal(exit_code, 3);
    assert.match(stderr, /would run without a sandbox on this machine/);
    assert.match(stderr, /--unconfined allow/);
    const { stdout } = await runCommand(["runs", "list", "--json"], { folder: workspace });
    assert.equal(stdout, "");
  });

  it("starts nothing where nobody can be asked and nothing was allowed", async () => {
    const { exit_code, stderr } = await run("--json");
    assert.equal(exit_code, 3);
    assert.match(stderr, /--unconfined allow/);
  });

  it("says what it means that commands run unconfined, as text and beside JSON", async () => {
    const meaning = /without a sandbox: bubblewrap is not installed.*every file that you can.*the network/;
    const plain = await run("--unconfined", "allow");
    assert.equal(plain.exit_code, 0, plain.stderr);
    assert.match(plain.stdout, meaning);
    const json = await run("--unconfined", "allow", "--json");
    assert.match(json.stderr, meaning);
    for (const line of json.stdout.split("\n").filter(Boolean)) JSON.parse(line);
  });

  it("says it with the proofs of a change, although no agent works on it", async () => {
    const git = programPath("git");
    await symlink(git, join(programs, "git"));
    await runGit(workspace, "init", "-q");
    await runGit(workspace, "add", ".");
    await runGit(workspace, "commit", "-qm", "one");
    await writeFile(join(workspace, "src", "bill.js"), "export const split = 1;\n");
    const prove = ["prove", "--json", "--unconfined", "allow"];
    const { stdout, stderr } = await runCommand(prove, {
      folder: workspace,
      environment: { PATH: programs },
    });
    assert.match(stdout, /"proof.finished","held":false.*"ran_in":{"runtime":"Local","sandboxed":false}/);
    assert.match(stderr, /without a sandbox: bubblewrap is not installed.*the network/);
  });

  it("refuses if that is what it was told, whatever was allowed before", async () => {
    const { exit_code, stderr } = await run("--unconfined", "refuse");
    assert.equal(exit_code, 3);
    assert.match(stderr, /cannot be sandboxed on this machine/);
  });

  describe("at a terminal", function () {
    skipUnlessNull(this, existsSync(SCRIPT) ? null : `${SCRIPT}, which makes a terminal, is not there`);

    /** What stands on the screen in the end; the answer is typed when the question is asked. */
    const onTerminal = async (
      answer: string | null,
    ): Promise<{ shown: string; exit_code: number | null }> => {
      const command = [process.execPath, commandLine, ...args].map((word) => `'${word}'`);
      const child = spawn(SCRIPT, ["-qec", command.join(" "), "/dev/null"], {
        cwd: workspace,
        env: cleanEnvironment({ TERM: "xterm", PATH: programs, SHELL: "/bin/sh" }),
        stdio: ["pipe", "pipe", "inherit"],
      });
      let seen = "";
      child.stdout.on("data", (chunk: Buffer) => {
        const asked = seen.includes("[y/N]");
        seen += chunk.toString();
        if (!asked && seen.includes("[y/N]")) child.stdin.write(`${answer ?? ""}\n`);
      });
      const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
      const [shown, exit_code] = await Promise.all([text(child.stdout), ended]);
      return { shown, exit_code };
    };

    it("asks once per workspace, and remembers", async () => {
      const first = await onTerminal("y");
      assert.match(first.shown, /Allow it in this workspace from now on\? \[y\/N\]/);
      assert.equal(first.exit_code, 0, first.shown);
      const second = await onTerminal(null);
      assert.doesNotMatch(second.shown, /\[y\/N\]/);
      assert.equal(second.exit_code, 0, second.shown);
    });

    it("starts nothing if the answer is no", async () => {
      const { shown, exit_code } = await onTerminal("n");
      assert.equal(exit_code, 3, shown);
      assert.match(shown, /[Ii]nstall bubblewrap/);
    });
  });
});
