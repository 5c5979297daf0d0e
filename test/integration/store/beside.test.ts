import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { appendFile, readdir, readFile, readlink, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { TranscriptEntry } from "../../../schemas/transcript.ts";
import { fileNames } from "../../../server/store/files.ts";
import type { Store } from "../../../server/store/store.ts";
import { at, faultyFiles, makeFolder, openMortal } from "./support.ts";

const note = (text: string): TranscriptEntry => ({ type: "note", at, turn: 1, text });

/** Files below a folder that this process holds open, where the system tells. */
const openBelow = async (folder: string): Promise<string[]> => {
  if (process.platform !== "linux") return [];
  const open = (await readdir("/proc/self/fd")).map((number) =>
    readlink(`/proc/self/fd/${number}`).catch(() => ""),
  );
  return (await Promise.all(open)).filter((path) => path.startsWith(folder));
};

describe("what stands beside the state", () => {
  let folder: string;
  let store: Store;
  const faults = faultyFiles();
  const id = randomUUID();
  const path = () => join(folder, fileNames.transcripts, `${id}.jsonl`);
  const texts = async (from?: number) =>
    (await store.transcripts.read(id, from)).map((entry) =>
      entry.type === "note" ? entry.text : entry.type,
    );

  beforeEach(async () => {
    faults.failFrom(Infinity, "");
    folder = await makeFolder();
    ({ store } = await openMortal(folder, {}, faults));
  });
  afterEach(async () => {
    await store.close().catch(() => undefined);
    await rm(folder, { recursive: true });
  });

  it("transcripts keep the order of their entries, however many are appended at once", async () => {
    const expected = Array.from({ length: 50 }, (_, n) => `${n}`);
    await Promise.all(expected.map((text) => store.transcripts.append(id, [note(text)])));
    assert.deepEqual(await texts(), expected);
    assert.deepEqual(await texts(48), ["48", "49"]);
    assert.deepEqual(await store.transcripts.read(randomUUID()), []);
  });

  it("transcripts keep their entries, however many take turns, and hold no file open at the end", async () => {
    const ids = Array.from({ length: 40 }, () => randomUUID());
    for (const text of ["one", "two", "three"])
      await Promise.all(ids.map((each) => store.transcripts.append(each, [note(text)])));
    for (const each of ids)
      assert.deepEqual(
        await store.transcripts.read(each),
        ["one", "two", "three"].map((text) => note(text)),
      );
    await store.close();
    assert.deepEqual(await openBelow(join(folder, fileNames.transcripts)), []);
    await assert.rejects(store.transcripts.append(id, [note("late")]), { code: "state_read_only" });
  });

  it("transcripts cut at any byte show whole entries, and go on behind them", async () => {
    await store.transcripts.append(id, [note("one"), note("zwö")]);
    const whole = await readFile(path());
    const first = whole.indexOf("\n") + 1;
    for (let length = 0; length < whole.length; length += 1) {
      await writeFile(path(), whole);
      await truncate(path(), length);
      assert.deepEqual(await texts(), length < first ? [] : ["one"]);
    }
    // Another process would begin by cutting the rest off; so does this one after a failure.
    await store.close();
    ({ store } = await openMortal(folder, {}, faults));
    await store.transcripts.append(id, [note("three")]);
    assert.deepEqual(await texts(), ["one", "three"]);
  });

  it("a transcript with a damaged line is refused with its place", async () => {
    await store.transcripts.append(id, [note("one"), note("two")]);
    await writeFile(path(), (await readFile(path(), "utf8")).replace('"two"', '"two'));
    await assert.rejects(store.transcripts.read(id), {
      code: "state_damaged",
      data: { file: `transcripts/${id}.jsonl`, place: "line 2", backup: "a copy of it" },
    });
  });

  it("an id that is a path reaches no other file", async () => {
    await assert.rejects(store.transcripts.append("../state", [note("x")]));
    await assert.rejects(store.transcripts.read("../../etc/passwd"));
  });

  it("objects are stored once, and come back or are said to be gone or damaged", async () => {
    const bytes = Buffer.from([0, 255, 10]);
    const [sha256, again] = await Promise.all([store.objects.put(bytes), store.objects.put(bytes)]);
    assert.equal(again, sha256);
    assert.deepEqual(await store.objects.get(sha256), bytes);
    const shelf = join(folder, fileNames.objects, sha256.slice(0, 2));
    assert.deepEqual(await readdir(shelf), [sha256]);
    await appendFile(join(shelf, sha256), "x");
    await assert.rejects(store.objects.get(sha256), { code: "state_damaged" });
    for (const missing of ["0".repeat(64), "../../state.json"])
      await assert.rejects(store.objects.get(missing), { code: "not_found" });
  });

  for (const [what, write] of [
    ["a transcript", () => store.transcripts.append(id, [note("lost")])],
    ["an object", () => store.objects.put(Buffer.from("lost"))],
  ] as const)
    it(`a disk that is full under ${what} makes the store read-only, and reading goes on`, async () => {
      await store.transcripts.append(id, [note("kept")]);
      faults.failFrom(faults.count() + 1, "ENOSPC");
      await assert.rejects(write(), { code: "state_read_only", data: { reason: "the disk is full" } });
      assert.match(store.readOnlyReason ?? "", /the disk is full/);
      await assert.rejects(
        store.commit(() => undefined),
        { code: "state_read_only" },
      );
      assert.deepEqual(await texts(), ["kept"]);
    });
});
