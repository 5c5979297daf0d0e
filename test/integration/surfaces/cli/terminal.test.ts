import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { stripVTControlCharacters } from "node:util";
import { after, before, describe, it } from "mocha";
import { copySample } from "../../../../server/rehearsal/built-in.ts";
import { cleanEnvironment, runCommand } from "../../../support/command.ts";
import { skipUnlessNull } from "../../../support/skip.ts";
import { commandLine } from "../../../support/product.ts";

const SCRIPT = "/usr/bin/script";
const task = "Guests pay in several currencies. Decide how amounts are represented.";
const args = ["run", "architecture", "--task", task, "--provider", "rehearsal"];

/** What the command writes to a terminal of that width. */
const onTerminal = async (
  folder: string,
  columns: number,
  environment: NodeJS.ProcessEnv,
): Promise<string> => {
  const command = [process.execPath, commandLine, ...args].map((word) => `'${word}'`).join(" ");
  const child = spawn(SCRIPT, ["-qec", `stty cols ${columns} rows 50; ${command}`, "/dev/null"], {
    cwd: folder,
    env: cleanEnvironment({ TERM: "xterm-256color", ...environment }),
    stdio: ["ignore", "pipe", "inherit"],
  });
  return text(child.stdout);
};

describe("coditect run, seen by a person", function () {
  skipUnlessNull(this, existsSync(SCRIPT) ? null : `${SCRIPT}, which makes a terminal, is not there`);
  let workspace: string;
  before(async () => {
    workspace = await copySample();
  });
  after(() => rm(workspace, { recursive: true }));

  it("redraws its stages in place, within the width, and gives the cursor back", async () => {
    const shown = await onTerminal(workspace, 60, {});
    assert.ok(
      shown.includes("\u001b[?25l") && shown.lastIndexOf("\u001b[?25h") > shown.lastIndexOf("\u001b[?25l"),
    );
    assert.match(shown, /\u001b\[32m✔/);
    const plain = stripVTControlCharacters(shown);
    assert.match(plain, /[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] analyse/);
    assert.match(plain, /✔ Every gate held\./);
    const stages = plain
      .split("\n")
      .filter((line) => /^[✔○▸⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] (analyse|decide|diagram|document)/.test(line));
    assert.deepEqual(
      stages.filter((line) => line.trimEnd().length > 60),
      [],
    );
  });

  it("uses no colour where NO_COLOR is set", async () => {
    const shown = await onTerminal(workspace, 100, { NO_COLOR: "1" });
    assert.doesNotMatch(shown, /\u001b\[[0-9;]+m/);
    assert.match(shown, /✔ Every gate held\./);
  });

  it("writes one line per step, without control characters, where its output is read by a program", async () => {
    const { stdout } = await runCommand(args, { folder: workspace });
    assert.equal(stripVTControlCharacters(stdout), stdout);
    assert.match(stdout, /^ +\d+:\d\d {2}decide: Architecture begins round 2$/m);
    assert.match(stdout, /^ +\d+:\d\d {4}✖ documents 1 link leads nowhere\.$/m);
  });
});
