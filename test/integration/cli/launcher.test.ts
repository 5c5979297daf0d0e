import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "mocha";
import { root } from "../../support/command.ts";
import { skipUnlessNull } from "../../support/skip.ts";

const SYSTEM_NODE = "/usr/bin/node";

/** Why there is no old Node to try it with; null if there is one. */
const missingOldNode = (): string | null => {
  if (!existsSync(SYSTEM_NODE)) return `${SYSTEM_NODE} is not there`;
  const version = execFileSync(SYSTEM_NODE, ["--version"], { encoding: "utf8" }).trim();
  return Number(/^v(\d+)/.exec(version)?.[1]) < 22 ? null : `${SYSTEM_NODE} is ${version}, and not too old`;
};

describe("dist/cli.js on a Node that is too old", () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "coditect-launcher-"));
    mkdirSync(join(folder, "dist"));
    cpSync(join(root, "scripts", "cli-launcher.cjs"), join(folder, "dist", "cli.js"));
    writeFileSync(join(folder, "dist", "cli-main.js"), "console.log(process.version); process.exit(7);");
    writeFileSync(join(folder, "dist", "package.json"), '{ "type": "commonjs" }');
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });
  const start = (program: string) =>
    spawnSync(program, [join(folder, "dist", "cli.js")], { encoding: "utf8" });

  it("runs here, and keeps the exit code", () => {
    const { status, stdout } = start(process.execPath);
    assert.deepEqual([status, stdout], [7, `${process.version}\n`]);
  });

  describe("with an old Node", function () {
    skipUnlessNull(this, missingOldNode());

    it("says what is needed", () => {
      const { status, stderr } = start(SYSTEM_NODE);
      assert.equal(status, 3);
      assert.match(stderr, /needs Node\.js 22\.13 or newer; this is v/);
    });

    it("hands over to the Node among the packages of a clone", () => {
      mkdirSync(join(folder, "node_modules", "node", "bin"), { recursive: true });
      cpSync(process.execPath, join(folder, "node_modules", "node", "bin", "node"));
      const { status, stdout } = start(SYSTEM_NODE);
      assert.deepEqual([status, stdout], [7, `${process.version}\n`]);
    });
  });
});
