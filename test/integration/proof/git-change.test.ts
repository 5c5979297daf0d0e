import assert from "node:assert/strict";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "mocha";
import { changeSince } from "../../../server/proof/git-change.ts";
import { fromFileContent } from "../../../server/workspace/encoding.ts";
import { runGit } from "../../support/git.ts";
import { testWorkspace, type TestWorkspace } from "../../support/workspace.ts";

const PICTURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0xff, 0xfe, 0x00]);
const PROGRAM = 0o755;

describe("the change of a workspace since a revision", () => {
  let files: TestWorkspace;
  const change = () => changeSince(files.root, "HEAD", new AbortController().signal);
  beforeEach(async () => {
    files = await testWorkspace({ "bin/run.js": "#!/usr/bin/env node\n", "tool.sh": "exit 0\n" });
    writeFileSync(join(files.root, "picture.png"), PICTURE);
    chmodSync(join(files.root, "bin/run.js"), PROGRAM);
    await runGit(files.root, "init", "-q");
    await runGit(files.root, "add", ".");
    await runGit(files.root, "commit", "-qm", "one");
  });
  afterEach(() => files.remove());

  it("keeps programs executable in both directions", async () => {
    writeFileSync(join(files.root, "bin/run.js"), "#!/usr/bin/env node\nmain();\n");
    writeFileSync(join(files.root, "new.sh"), "exit 0\n");
    chmodSync(join(files.root, "new.sh"), PROGRAM);
    const { changes, inverse } = await change();
    const programs = (of: typeof changes) => of.map(({ path, executable }) => [path, executable]);
    assert.deepEqual(programs(changes), [
      ["bin/run.js", true],
      ["new.sh", true],
    ]);
    assert.deepEqual(programs(inverse), [
      ["bin/run.js", true],
      ["new.sh", false],
    ]);
  });

  it("contains a file that only became executable", async () => {
    chmodSync(join(files.root, "tool.sh"), PROGRAM);
    const { changes, inverse } = await change();
    assert.deepEqual(
      [...changes, ...inverse].map(({ path, executable }) => [path, executable]),
      [
        ["tool.sh", true],
        ["tool.sh", false],
      ],
    );
  });

  it("does not contain a program that only git no longer knows", async () => {
    await runGit(files.root, "rm", "-q", "--cached", "bin/run.js");
    assert.deepEqual((await change()).changes, []);
  });

  it("returns to the bytes of a file that is not text", async () => {
    writeFileSync(join(files.root, "picture.png"), Buffer.from([0x89, 0x00]));
    const [back] = (await change()).inverse;
    assert.deepEqual(back?.content && fromFileContent(back.content), PICTURE);
  });
});
