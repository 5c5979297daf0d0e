import assert from "node:assert/strict";
import { constants } from "node:buffer";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileNames } from "../../../server/store/files.ts";
import { openStore } from "../../../server/store/open.ts";
import type { Store } from "../../../server/store/store.ts";
import { tenantId } from "./workload.ts";

const RECORD_BYTES = 1 << 20;
const RECORDS = Math.ceil(constants.MAX_STRING_LENGTH / RECORD_BYTES) + 20;
const DEADLINE_MS = 60_000;

const idOf = (number: number): string => `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`;
const put = (store: Store, number: number, text: string): Promise<void> =>
  store.commit((transaction) => {
    transaction.put("tasks", {
      task_id: idOf(number),
      tenant_id: tenantId,
      workflow: "tdd",
      description: text.repeat(RECORD_BYTES / text.length),
      file: null,
      data: number,
      created_at: "2026-01-31T12:00:00.000Z",
    });
  });

/** Fails if the work takes unreasonably long; a tenth of this is usual. */
const inTime = async <Result>(what: string, work: Promise<Result>): Promise<Result> => {
  const begin = performance.now();
  const result = await work;
  const took = performance.now() - begin;
  assert.ok(took < DEADLINE_MS, `${what} took ${Math.round(took)} ms`);
  return result;
};

describe("a state that is longer than any string can be", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "coditect-large-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const open = (warn: (problem: string) => void) =>
    openStore({ folder, tenantId, durability: "os", foldAt: Infinity, warn });

  it("is folded, opened, changed and folded again", async () => {
    const problems: string[] = [];
    const warn = (problem: string) => void problems.push(problem);
    const first = await open(warn);
    for (let number = 0; number < RECORDS; number += 1) await put(first, number, "a");
    await inTime("folding a long journal", first.close());
    const { size } = await stat(join(folder, fileNames.state));
    assert.ok(size > constants.MAX_STRING_LENGTH, `${size} bytes`);

    const second = await inTime("opening", open(warn));
    for (let number = 0; number < RECORDS; number += 50)
      assert.equal(second.get("tasks", idOf(number))?.description.length, RECORD_BYTES);
    await put(second, 7, "b");
    await inTime("folding a change in", second.close());

    const third = await open(warn);
    assert.equal(third.get("tasks", idOf(7))?.description[0], "b");
    assert.equal(third.get("tasks", idOf(RECORDS - 1))?.data, RECORDS - 1);
    await third.close();
    assert.deepEqual(problems, []);
  });
});
