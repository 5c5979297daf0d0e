import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TestProbe } from "../../../schemas/tests.ts";
import { createWitness, watchNode } from "../../../server/worker/witness/witness.ts";

describe("a file of chai that has the class of assertions alone", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "chai-"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it("loads where assertions are refused, and refuses", async () => {
    const parts = join(folder, "node_modules/chai/lib/chai");
    const run = join(folder, "run");
    for (const path of [parts, run]) await mkdir(path, { recursive: true });
    await writeFile(join(parts, "assertion.mjs"), "export class Assertion { assert() {} }\n");
    const file = join(folder, "a.test.mjs");
    const load = 'import { Assertion } from "./node_modules/chai/lib/chai/assertion.mjs";\n';
    await writeFile(
      file,
      `${load}try { new Assertion().assert(); } catch (error) { console.log(error.name); }\n`,
    );
    const probe = TestProbe.parse({ refuse_assertions: true });
    const variables = await watchNode(createWitness(folder, run, probe, false));
    const { stdout, stderr } = spawnSync(process.execPath, [file], {
      ...{ env: { ...process.env, ...variables }, encoding: "utf8", timeout: 60_000 },
    });
    assert.equal(stdout, "AssertionError\n", stderr);
  });
});
