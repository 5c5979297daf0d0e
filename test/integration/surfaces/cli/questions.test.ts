import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { stripVTControlCharacters } from "node:util";
import { afterEach, beforeEach, describe, it } from "mocha";
import { addAskingServer, startAskingModel, type AskingModel } from "../../../support/asking-server.ts";
import { cleanEnvironment } from "../../../support/command.ts";
import { skipUnlessNull } from "../../../support/skip.ts";
import { ownUserFolder } from "../../../support/user-folder.ts";
import { testWorkspace, type TestWorkspace } from "../../../support/workspace.ts";
import { commandLine } from "../../../support/product.ts";

const SCRIPT = "/usr/bin/script";

describe("coditect run, asked by a tool server", function () {
  skipUnlessNull(this, existsSync(SCRIPT) ? null : `${SCRIPT}, which makes a terminal, is not there`);
  const user = ownUserFolder();
  let workspace: TestWorkspace;
  let model: AskingModel;
  beforeEach(async () => {
    user.use();
    workspace = await testWorkspace({ "a.js": "export const a = 1;\n" });
    await addAskingServer(workspace);
    model = await startAskingModel();
  });
  afterEach(async () => {
    await model.close();
    await workspace.remove();
    await user.restore();
  });

  /** Runs a review at a terminal, and types each line once its prompt is there. */
  const atTerminal = async (answers: readonly [prompt: string, line: string][]): Promise<string> => {
    const words = [process.execPath, commandLine, "run", "review", "a.js", ...model.options];
    const command = words.map((word) => `'${word}'`).join(" ");
    const child = spawn(SCRIPT, ["-qec", `stty cols 100 rows 50; ${command}`, "/dev/null"], {
      cwd: workspace.root,
      env: cleanEnvironment({ TERM: "xterm-256color", XDG_CONFIG_HOME: process.env.XDG_CONFIG_HOME }),
      stdio: ["pipe", "pipe", "inherit"],
    });
    let shown = "";
    let typed = 0;
    let from = 0;
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      shown += text;
      const [prompt, line] = answers[typed] ?? [];
      const at = prompt === undefined ? -1 : shown.indexOf(prompt, from);
      if (prompt === undefined || at === -1) return;
      from = at + prompt.length;
      typed += 1;
      child.stdin.write(`${line}\r`);
    });
    await once(child, "close");
    return stripVTControlCharacters(shown);
  };

  it("shows which server asks, in its own words, and sends it the answer", async () => {
    const shown = await atTerminal([
      ["[y/N]: ", "y"],
      ["Answer: ", "Ada"],
    ]);
    assert.match(shown, /The MCP server asking, which .+ uses, asks you:\s+\| How shall I greet you\?/);
    assert.match(model.told, /Hello, Ada!/);
  });

  it("declines for every answer except yes", async () => {
    await atTerminal([["[y/N]: ", ""]]);
    assert.match(model.told, /The user said: decline/);
  });
});
