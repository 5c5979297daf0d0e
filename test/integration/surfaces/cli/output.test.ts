import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { text } from "node:stream/consumers";
import { after, before, describe, it } from "mocha";
import { cleanEnvironment } from "../../../support/command.ts";
import { skipUnlessNull } from "../../../support/skip.ts";
import { testWorkspace, type TestWorkspace } from "../../../support/workspace.ts";
import { commandLine } from "../../../support/product.ts";

const FULL = "/dev/full";

describe("standard output", function () {
  skipUnlessNull(this, existsSync(FULL) ? null : `${FULL}, a disk without room, is not there`);
  let workspace: TestWorkspace;
  before(async () => {
    workspace = await testWorkspace({ "src/a.js": "" });
  });
  after(() => workspace.remove());

  /** Runs `coditect` with what a shell adds to the command. */
  const inShell = async (words: string, rest: string) => {
    const program = [process.execPath, commandLine].map((word) => `'${word}'`);
    const child = spawn("bash", ["-c", `${program.join(" ")} ${words} ${rest}`], {
      cwd: workspace.root,
      env: cleanEnvironment({}),
      stdio: ["ignore", "pipe", "pipe"],
    });
    const [errors, [code]] = await Promise.all([
      text(child.stderr),
      once(child, "exit") as Promise<[number]>,
    ]);
    return { code, errors };
  };

  for (const words of ["agents list --json", "export", "run tdd --provider rehearsal --json"])
    it(`that cannot be written is a failure of coditect ${words}`, async () => {
      const { code, errors } = await inShell(words, `>${FULL}`);
      assert.deepEqual([code, errors.match(/✖.*/g)], [3, ["✖ Could not write to standard output: ENOSPC."]]);
    });

  it("whose reader has seen enough is no failure", async () => {
    const { code, errors } = await inShell(
      "agents list --json",
      '| head -c 1 >/dev/null; exit "${PIPESTATUS[0]}"',
    );
    assert.deepEqual([code, errors], [0, ""]);
  });

  it("is not to be mixed up with a file that cannot be written", async () => {
    const { code, errors } = await inShell(`report ${FULL}`, "");
    assert.deepEqual([code, errors.match(/✖.*/g)], [3, [`✖ Could not write ${FULL}: ENOSPC.`]]);
  });
});
