import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { stripVTControlCharacters } from "node:util";
import { afterEach, beforeEach, describe, it } from "mocha";
import { openConsents } from "../../../../server/platform/consents.ts";
import { startModelServer, type JournalEntry, type ModelServer, type Turn } from "../../../model-servers.ts";
import { cleanEnvironment, runCommand } from "../../../support/command.ts";
import { answered, call, finish } from "../../../support/one-round.ts";
import { skipUnlessNull } from "../../../support/skip.ts";
import { ownUserFolder } from "../../../support/user-folder.ts";
import { testWorkspace, type TestWorkspace } from "../../../support/workspace.ts";
import { commandLine } from "../../../support/product.ts";

const SCRIPT = "/usr/bin/script";

describe("coditect run, asked by an agent", function () {
  skipUnlessNull(this, existsSync(SCRIPT) ? null : `${SCRIPT}, which makes a terminal, is not there`);
  const user = ownUserFolder();
  let model: ModelServer;
  let workspace: TestWorkspace;
  /** What the tool answered, as the model was told. */
  let told: string;
  beforeEach(async () => {
    user.use();
    told = "";
    const play = (entry: JournalEntry): Turn => {
      if (answered(entry) === 0) return call("run_command", { command: "cat", args: ["note.txt"] });
      told = JSON.stringify(entry.body);
      return finish;
    };
    model = await startModelServer({ Reviewer: play, Security: play, QualityControl: play });
    workspace = await testWorkspace({ "note.txt": "from the note\n", "a.js": "export const a = 1;\n" });
  });
  afterEach(async () => {
    await workspace.remove();
    await user.restore();
    await model.close();
  });

  /** Runs a review at a terminal, and answers each question with the line. */
  const review = async (line: string): Promise<string> => {
    const provider = model.ollama();
    assert.ok("Ollama" in provider);
    const { Ollama } = provider;
    const words = [
      ...[process.execPath, commandLine, "run", "review", "a.js"],
      ...["--provider", "ollama", "--model", Ollama.model, "--endpoint", Ollama.endpoint],
      ...["--unconfined", "allow"],
    ];
    const command = words.map((word) => `'${word}'`).join(" ");
    const child = spawn(SCRIPT, ["-qec", `stty cols 100 rows 50; ${command}`, "/dev/null"], {
      cwd: workspace.root,
      env: cleanEnvironment({ TERM: "xterm-256color", XDG_CONFIG_HOME: process.env.XDG_CONFIG_HOME }),
      stdio: ["pipe", "pipe", "inherit"],
    });
    let shown = "";
    let asked = 0;
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      shown += text;
      const questions = shown.split("[N]o: ").length - 1;
      for (; asked < questions; asked += 1) child.stdin.write(`${line}\r`);
    });
    await once(child, "close");
    return stripVTControlCharacters(shown);
  };

  it("asks with the whole command, and remembers what is always allowed", async () => {
    const shown = await review("a");
    assert.match(shown, /Allow .+ to run cat\?\s+cat note\.txt\s+\[o\]nce, \[a\]lways in this workspace/);
    assert.match(told, /from the note/);
    const given = openConsents(workspace.root).list();
    assert.ok(given.some(({ name, of }) => name === "command" && of === "Reviewer: cat"));
    const environment = { XDG_CONFIG_HOME: process.env.XDG_CONFIG_HOME };
    const listed = await runCommand(["consents", "list"], { folder: workspace.root, environment });
    assert.match(listed.stdout, /command +Agents start a program: Reviewer: cat \(user:cli, /);
    const revoke = ["consents", "revoke", "command", "Reviewer: cat"];
    await runCommand(revoke, { folder: workspace.root, environment });
    assert.equal(openConsents(workspace.root).has("command", "Reviewer: cat"), false);
  });

  it("takes anything else for a no", async () => {
    await review("");
    assert.match(told, /The user did not allow .+ to run cat/);
  });
});
