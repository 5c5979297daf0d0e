import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "mocha";
import { CoditectError } from "../../../../schemas/errors.ts";
import { timerMs } from "../../../../schemas/primitives.ts";
import { textOrFile } from "../../../../server/surfaces/cli/session/target.ts";

describe("a task in a file", () => {
  let folder: string;
  beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), "task-file-"))));
  afterEach(() => rm(folder, { recursive: true }));

  const text = "Write größer";
  const utf16 = Buffer.from(text, "utf16le");
  const marked = Buffer.from(`\ufeff${text}`, "utf16le");
  for (const [name, bytes] of [
    ["UTF-8", Buffer.from(text)],
    ["UTF-8 with a mark", Buffer.from(`\ufeff${text}`)],
    ["UTF-16, little end first", marked],
    ["UTF-16, big end first", Buffer.from(marked).swap16()],
    ["UTF-16 without a mark", utf16],
  ] as const)
    it(`is read in ${name}`, async () => {
      await writeFile(join(folder, "task.txt"), bytes);
      assert.equal(await textOrFile("@task.txt", folder), text);
    });

  for (const [name, bytes] of [
    ["binary", Buffer.from([0, 0, 0, 0, 1, 2])],
    ["binary with few zeros", Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d])],
    ["binary without a zero", Buffer.from([0x1f, 0x8b, 8, 8, 0x9a, 0xff])],
    ["text with a zero in it", Buffer.from("Write\0größer")],
    ["half a character in UTF-16", Buffer.from("\ufeffWrite \ud83d", "utf16le")],
  ] as const)
    it(`is refused if it is ${name}`, async () => {
      await writeFile(join(folder, "task.bin"), bytes);
      await assert.rejects(
        textOrFile("@task.bin", folder),
        (error) => error instanceof CoditectError && error.code === "not_a_text_file",
      );
    });
});

describe("a deadline", () => {
  it("is never longer than a timer can be", () => {
    assert.equal(timerMs(9_999_999_000), 2 ** 31 - 1);
    assert.equal(timerMs(1500), 1500);
  });
});
