import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "mocha";
import { root } from "../../../support/command.ts";

describe("dist/cli.js", () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "coditect-launcher-"));
    mkdirSync(join(folder, "dist"));
    cpSync(join(root, "scripts", "cli-launcher.cjs"), join(folder, "dist", "cli.js"));
    const loader = "exports.loadBundle = require; exports.optimizeLate = () => undefined;";
    writeFileSync(join(folder, "dist", "load-bundle.js"), loader);
    writeFileSync(join(folder, "dist", "cli-main.js"), "console.log(process.version); process.exit(7);");
    writeFileSync(join(folder, "dist", "package.json"), '{ "type": "commonjs" }');
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });
  /** `asVersion` is what Node says it is: no old one is needed to see what happens on one. */
  const start = (asVersion: string) => {
    const disguise = join(folder, "disguise.cjs");
    const versions = JSON.stringify({ ...process.versions, node: asVersion });
    writeFileSync(disguise, `Object.defineProperty(process, "versions", { value: ${versions} });`);
    const args = ["--require", disguise, join(folder, "dist", "cli.js")];
    return spawnSync(process.execPath, args, { encoding: "utf8" });
  };

  it("runs on the oldest Node that is supported, and keeps the exit code", () => {
    const { status, stdout } = start("22.13.0");
    assert.deepEqual([status, stdout], [7, `${process.version}\n`]);
  });

  it("says what is needed where the machine's Node is the only one", () => {
    const { status, stderr } = start("22.12.0");
    assert.equal(status, 3);
    assert.match(stderr, /needs Node\.js 22\.13 or newer; this is v/);
  });

  it("hands over to the Node among the packages of a clone", () => {
    mkdirSync(join(folder, "node_modules", "node", "bin"), { recursive: true });
    symlinkSync(process.execPath, join(folder, "node_modules", "node", "bin", "node"));
    const { status, stdout } = start("20.20.2");
    assert.deepEqual([status, stdout], [7, `${process.version}\n`]);
  });
});
