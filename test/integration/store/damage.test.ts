import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CoditectError } from "../../../schemas/errors.ts";
import { fileNames, nodeFiles } from "../../../server/store/files.ts";
import { loadState } from "../../../server/store/load.ts";
import { openStore } from "../../../server/store/open.ts";

const tenantId = randomUUID();
const COMMITS = 5;

const dismissal = (number: number) => ({
  fingerprint: `f${number}`,
  tenant_id: tenantId,
  reason: "ä reason of some length, so that there is something to damage",
  created_at: "2026-01-31T12:00:00.000Z",
});

/** How many of the commits a folder shows; they must be the first ones, whole. */
const prefixOf = async (folder: string): Promise<number> => {
  const { document } = await loadState(nodeFiles, folder, tenantId);
  let count = 0;
  while (document.get("dismissals", `f${count}`) !== null) {
    assert.deepEqual(document.get("dismissals", `f${count}`), dismissal(count));
    count += 1;
  }
  assert.equal([...document.ordered("dismissals").after(-1)].length, count);
  return count;
};

/** Without the zeros behind the last block. */
const withoutRoom = (journal: Buffer): Buffer => journal.subarray(0, journal.lastIndexOf("\n") + 1);

for (const room of [0, 40])
  describe(`a damaged journal with ${room} bytes of room behind it`, () => {
    let folder: string;
    let path: string;
    let journal: Buffer;
    /** Where each commit's block ends. */
    const ends: number[] = [];

    before(async () => {
      const origin = await mkdtemp(join(tmpdir(), "coditect-damage-"));
      const store = await openStore({ folder: origin, tenantId });
      for (let number = 0; number < COMMITS; number += 1) {
        await store.commit((transaction) => {
          transaction.put("dismissals", dismissal(number));
        });
        ends.push(withoutRoom(await readFile(join(origin, fileNames.segment(1)))).length);
      }
      folder = await mkdtemp(join(tmpdir(), "coditect-damage-"));
      // As a killed process leaves it.
      await cp(origin, folder, { recursive: true });
      path = join(folder, fileNames.segment(1));
      journal = (await readFile(path)).subarray(0, (ends.at(-1) ?? 0) + room);
      assert.equal(journal.length, (ends.at(-1) ?? 0) + room);
      await store.close();
      await rm(origin, { recursive: true });
    });
    after(() => rm(folder, { recursive: true }));

    it("cut off at any byte shows exactly the commits that were whole", async () => {
      for (let length = 0; length <= journal.length; length += 1) {
        await writeFile(path, journal.subarray(0, length));
        assert.equal(await prefixOf(folder), ends.filter((end) => end <= length).length, `cut at ${length}`);
      }
    });

    it("with any bit flipped is refused, or read up to a torn end and said to be torn", async () => {
      for (let place = 0; place < journal.length; place += 1) {
        const damaged = Buffer.from(journal);
        damaged[place] = (damaged[place] ?? 0) ^ (1 << (place % 8));
        await writeFile(path, damaged);
        try {
          const { torn } = await loadState(nodeFiles, folder, tenantId);
          assert.ok(torn > 0, `flip at ${place} went unnoticed`);
          const count = await prefixOf(folder);
          // What stands in the room was never acknowledged; else it can only be the last commit.
          const kept = place >= (ends.at(-1) ?? 0) ? COMMITS : COMMITS - 1;
          assert.equal(count, kept, `flip at ${place} lost more than the last commit`);
        } catch (error) {
          assert.ok(error instanceof CoditectError, String(error));
          assert.equal(error.code, "state_damaged");
          assert.equal(error.data.file, fileNames.segment(1));
          assert.equal(error.data.backup, fileNames.backup);
        }
      }
    });

    it("whose last block came to disk with a hole is cut there", async () => {
      const hole = Buffer.from(journal);
      hole.fill(0, (ends.at(-2) ?? 0) + 10, (ends.at(-2) ?? 0) + 60);
      await writeFile(path, hole);
      assert.equal(await prefixOf(folder), COMMITS - 1);
    });

    it("with a hole before the last block is refused", async () => {
      const hole = Buffer.from(journal);
      hole.fill(0, (ends.at(-3) ?? 0) + 10, (ends.at(-3) ?? 0) + 60);
      await writeFile(path, hole);
      await assert.rejects(prefixOf(folder), { code: "state_damaged" });
    });

    it("with a block taken out, doubled or swapped is refused", async () => {
      const block = (number: number) => journal.subarray(ends[number - 1], ends[number]);
      const start = journal.subarray(0, ends[1]);
      for (const blocks of [
        [3, 4],
        [2, 2, 3, 4],
        [3, 2, 4],
      ]) {
        await writeFile(path, Buffer.concat([start, ...blocks.map(block), Buffer.alloc(room)]));
        await assert.rejects(prefixOf(folder), { code: "state_damaged" });
      }
    });
  });
