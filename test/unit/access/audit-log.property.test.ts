import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { checkAudit, hashOfEntry, headText, type Unsealed } from "../../../server/access/audit-chain.ts";
import { AuditLog, type AuditFacts } from "../../../server/access/audit-log.ts";
import { NOW } from "../../support/records.ts";
import { rejectsWith } from "../../support/rejects.ts";
import { ownUserFolder } from "../../support/user-folder.ts";

const facts = (method: string): AuditFacts => ({
  user: "ada",
  role: "admin",
  token_id: null,
  surface: "rest",
  from: "10.0.0.1",
  method,
  record: { agent_id: "a" },
  result: "ok",
});

describe("the audit log", () => {
  const user = ownUserFolder();
  let folder: string;
  let path: string;
  before(() => user.use());
  after(() => user.restore());
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "coditect-audit-"));
    path = join(folder, "audit.jsonl");
  });
  afterEach(() => rm(folder, { recursive: true }));
  const open = () => new AuditLog(folder, () => NOW, "os");
  const write = async (...methods: string[]): Promise<void> => {
    const log = open();
    await Promise.all(methods.map((method) => log.record(facts(method))));
    await log.close();
  };

  it("numbers entries and chains them, over several openings", async () => {
    await write("agents/create", "agents/update");
    await write("agents/delete");
    const entries = await open().read(0, 10);
    assert.deepEqual(
      entries.map(({ seq, method }) => [seq, method]),
      [
        [0, "agents/create"],
        [1, "agents/update"],
        [2, "agents/delete"],
      ],
    );
    assert.equal(entries[2]?.previous, entries[1]?.hash);
    assert.equal((await checkAudit(folder)).problem, null);
  });

  it("reads from a number on, as many as are asked for", async () => {
    await write("a", "b", "c", "d");
    assert.deepEqual(
      (await open().read(1, 2)).map(({ method }) => method),
      ["b", "c"],
    );
  });

  it("passes over the last line where its end was never written, and goes on behind the one before", async () => {
    await write("a", "b");
    const whole = await readFile(path);
    await writeFile(path, Buffer.concat([whole, Buffer.from('{"seq":2,"at"')]));
    await write("c");
    assert.deepEqual(
      (await open().read(0, 10)).map(({ method }) => method),
      ["a", "b", "c"],
    );
    assert.equal((await checkAudit(folder)).problem, null);
  });

  it("finds any byte that was changed, wherever it is", async () => {
    await write("agents/create", "agents/update", "teams/execute");
    const whole = await readFile(path);
    await fc.assert(
      fc.asyncProperty(
        fc.nat(whole.length - 1),
        fc.integer({ min: 1, max: 255 }),
        async (place, difference) => {
          const changed = Buffer.from(whole);
          changed[place] = (changed[place] ?? 0) ^ difference;
          await writeFile(path, changed);
          assert.notEqual((await checkAudit(folder)).problem, null);
        },
      ),
      { numRuns: 200 },
    );
  });

  it("finds lines that were removed, wherever they were", async () => {
    await write("a", "b", "c");
    const lines = (await readFile(path, "utf8")).split("\n").slice(0, -1);
    for (const [index] of lines.entries()) {
      await writeFile(path, `${lines.toSpliced(index, 1).join("\n")}\n`);
      assert.notEqual((await checkAudit(folder)).problem, null, `line ${index}`);
    }
  });

  describe("finds the work of someone who knows the format but not the user's key:", () => {
    interface Entry extends Record<string, unknown> {
      hash: string;
    }
    /** Chains entries again, as the log does. Seals stay as they are. */
    const chained = (entries: readonly Entry[]): string => {
      let previous = "0".repeat(64);
      return entries
        .map(({ hash: _hash, seal, ...rest }, seq) => {
          const unsealed = { ...rest, seq, previous } as Unsealed;
          previous = hashOfEntry(unsealed);
          return `${JSON.stringify({ ...unsealed, hash: previous, seal })}\n`;
        })
        .join("");
    };
    const attacks: Record<string, (entries: Entry[]) => Entry[]> = {
      "an entry that was edited": ([a, b, c]) => [a, { ...b, user: "eve" }, c] as Entry[],
      "two entries that were exchanged": ([a, b, c]) => [b, a, c] as Entry[],
      "an entry that was inserted": ([a, b, c]) => [a, b, { ...b }, c] as Entry[],
      "the last entries that were removed": ([a]) => [a] as Entry[],
      "all entries that were removed": () => [],
      "an entry that was added to the end": ([a, b, c]) => [a, b, c, { ...c, user: "eve" }] as Entry[],
      "an edited entry behind which another was added": ([a, b, c]) =>
        [a, { ...b, user: "eve" }, c, { ...c, method: "more" }] as Entry[],
    };
    for (const [what, attack] of Object.entries(attacks))
      it(what, async () => {
        await write("a", "b", "c");
        const lines = (await readFile(path, "utf8")).trimEnd().split("\n");
        const entries = lines.map((line) => JSON.parse(line) as Entry);
        assert.equal(chained(entries), `${lines.join("\n")}\n`, "the attack knows the format");
        await writeFile(path, chained(attack(entries)));
        assert.notEqual((await checkAudit(folder)).problem, null);
        const log = open();
        await rejectsWith(log.record(facts("d")), "audit_failed");
        await log.close();
      });

    it("a log that was removed", async () => {
      await write("a");
      await rm(path);
      assert.match(String((await checkAudit(folder)).problem), /1 entries at the end are missing/);
    });

    it("a record of the length that was removed", async () => {
      await write("a", "b");
      await rm(join(folder, "audit.head"));
      assert.match(String((await checkAudit(folder)).problem), /audit.head is missing/);
    });
  });

  it("is whole if the power fails before the length is recorded, also at its first entry", async () => {
    for (const before of [[], ["a"]]) {
      await write(...before);
      const log = open();
      await log.record(facts("b"));
      const head = await readFile(join(folder, "audit.head"));
      await log.record(facts("c"));
      await log.close();
      await writeFile(join(folder, "audit.head"), head);
      assert.equal((await checkAudit(folder)).problem, null);
      await write("d");
      assert.equal((await checkAudit(folder)).problem, null);
    }
  });

  it("continues a log of an earlier version, whose entries have no seals", async () => {
    await write("a", "b");
    const lines = (await readFile(path, "utf8")).trimEnd().split("\n");
    const old = lines.map((line) => {
      const { seal: _seal, ...entry } = JSON.parse(line) as Record<string, unknown>;
      return entry;
    });
    await writeFile(path, old.map((entry) => `${JSON.stringify(entry)}\n`).join(""));
    assert.match(String((await checkAudit(folder)).problem), /line 1 was not written by this user/);
    await writeFile(
      join(folder, "audit.head"),
      headText({ count: 2, hash: String(old[1]?.hash), sealed_from: null }),
    );
    assert.equal((await checkAudit(folder)).problem, null);
    await write("c");
    assert.equal((await checkAudit(folder)).problem, null);
    const [, , third = ""] = (await readFile(path, "utf8")).split("\n");
    await writeFile(path, (await readFile(path, "utf8")).replace(third, third.replace(/,"seal":"\w+"/, "")));
    assert.match(String((await checkAudit(folder)).problem), /line 3 was not written by this user/);
  });

  it("finds a log that was written again from its beginning by another user", async () => {
    await write("a", "b");
    const other = ownUserFolder();
    other.use();
    const another = await mkdtemp(join(tmpdir(), "coditect-audit-"));
    const log = new AuditLog(another, () => NOW, "os");
    await log.record(facts("nothing"));
    await log.close();
    for (const name of ["audit.jsonl", "audit.head"])
      await writeFile(join(folder, name), await readFile(join(another, name)));
    await other.restore();
    await rm(another, { recursive: true });
    assert.match(String((await checkAudit(folder)).problem), /not written by this user/);
  });

  it("writes nothing behind a broken chain", async () => {
    await write("a", "b");
    const text = await readFile(path, "utf8");
    await writeFile(path, text.replace('"ada"', '"eve"'));
    const log = open();
    await rejectsWith(log.record(facts("c")), "audit_failed");
    await rejectsWith(log.record(facts("d")), "audit_failed");
    await log.close();
    assert.equal(await readFile(path, "utf8"), text.replace('"ada"', '"eve"'));
  });
});
