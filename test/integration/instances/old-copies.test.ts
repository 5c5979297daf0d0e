import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, utimes } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, it } from "mocha";
import { removeOldCopies } from "../../../server/instances/slots.ts";

const run = promisify(execFile);
const DAY = 86_400_000;

/** A folder that no path is short enough to name: Node cannot remove it, and a command can make it. */
const makeTooDeep = (folder: string): Promise<unknown> => {
  const script =
    'for (let level = 0; level < 30; level++) { fs.mkdirSync("d".repeat(200)); process.chdir("d".repeat(200)); }';
  return run(process.execPath, ["-e", script], { cwd: folder });
};

describe("private copies that nobody uses any more", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "coditect-copies-"));
  });
  afterEach(() => run("rm", ["-rf", folder]));

  const makeCopy = async (workspace: string, name: string, age: number): Promise<string> => {
    const copy = join(folder, workspace, name);
    await mkdir(copy, { recursive: true });
    const used = new Date(Date.now() - age);
    await utimes(copy, used, used);
    return copy;
  };

  it("are removed, and used ones stay", async () => {
    await makeCopy("one", "0", 3 * DAY);
    await makeCopy("one", "1", DAY / 2);
    await makeCopy("two", "0", 3 * DAY);
    await removeOldCopies(folder, 2, Date.now(), assert.ifError);
    assert.deepEqual(await readdir(folder), ["one"]);
    assert.deepEqual(await readdir(join(folder, "one")), ["1"]);
  });

  it("are removed although an earlier one cannot be, which is reported", async () => {
    const deep = await makeCopy("one", "0", 3 * DAY);
    await makeTooDeep(deep);
    await utimes(deep, new Date(0), new Date(0));
    await makeCopy("one", "1", 3 * DAY);
    await makeCopy("two", "0", 3 * DAY);
    const troubles: unknown[] = [];
    await removeOldCopies(folder, 2, Date.now(), (error) => troubles.push(error));
    assert.deepEqual(await readdir(folder), ["one"]);
    assert.deepEqual(await readdir(join(folder, "one")), ["0"]);
    assert.equal(troubles.length, 1);
    assert.match(String(troubles[0]), /ENAMETOOLONG/);
  });
});
