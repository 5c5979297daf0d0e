import assert from "node:assert/strict";
import { chmod, link, readFile, readlink, stat, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { changeOutcome } from "../../../schemas/change-outcome.ts";
import { bench, type Bench, change } from "./support.ts";

const before = "one\ntwo\nthree\nfour\nfive\n";
const after = "one\ntwo\nthree\nfour\n5\n";

describe("applying a change set", () => {
  let at: Bench;
  beforeEach(async () => {
    at = await bench({ "a.ts": before, "src/old.ts": before });
  });
  afterEach(() => at.workspace.remove());

  const apply = async (id: string, paths: string[] | null = null) => {
    const { files, change_set } = await at.changes.apply(id, paths);
    return { results: Object.fromEntries(files.map(({ path, result }) => [path, result])), change_set };
  };

  it("writes created, modified, deleted and renamed files, and nothing beside them", async () => {
    const id = await at.stored(
      change("a.ts", before, after),
      change("deep/er/new.ts", null, "new\n"),
      change("src/old.ts", before, null),
      change("src/new.ts", null, before),
    );
    const { results, change_set } = await apply(id);
    assert.deepEqual(results, { "a.ts": "written", "deep/er/new.ts": "written", "src/new.ts": "written" });
    assert.equal(change_set.status, "Accepted");
    assert.deepEqual(await at.workspace.list(), ["a.ts", "deep/er/new.ts", "src/new.ts"]);
    assert.equal(await at.workspace.read("a.ts"), after);
  });

  it("can be repeated, and then changes nothing", async () => {
    const id = await at.stored(
      change("a.ts", before, after),
      change("src/old.ts", before, null),
      change("src/new.ts", null, before),
    );
    await apply(id);
    const { results, change_set } = await apply(id);
    assert.deepEqual(results, { "a.ts": "unchanged", "src/new.ts": "unchanged" });
    assert.equal(change_set.status, "Accepted");
  });

  it("says what has become of each file, and lets one that was undone be discarded", async () => {
    const id = await at.stored(change("a.ts", before, after), change("b.ts", null, "b\n"));
    const outcomes = async () => {
      const changeSet = at.store.get("changeSets", id);
      assert.ok(changeSet !== null);
      const present = new Map((await at.changes.present(changeSet)).map(({ path, state }) => [path, state]));
      return changeSet.files.map((file) => changeOutcome(file, present.get(file.path) ?? null));
    };
    assert.deepEqual(await outcomes(), ["open", "open"]);
    await apply(id);
    assert.deepEqual(await outcomes(), ["applied", "applied"]);
    await assert.rejects(at.changes.discard(id, ["a.ts"]), { code: "change_set_decided" });
    await at.workspace.write("a.ts", before);
    await at.workspace.write("b.ts", "mine\n");
    assert.deepEqual(await outcomes(), ["undone", "changed since"]);
    await at.changes.discard(id, ["a.ts"]);
    assert.deepEqual(await outcomes(), ["discarded", "changed since"]);
    await assert.rejects(at.changes.discard(id, ["b.ts"]), { code: "change_set_decided" });
  });

  it("merges with what the user edited meanwhile, where it does not overlap", async () => {
    const id = await at.stored(change("a.ts", before, after));
    await at.workspace.write("a.ts", before.replace("one", "ONE"));
    assert.deepEqual((await apply(id)).results, { "a.ts": "merged" });
    assert.equal(await at.workspace.read("a.ts"), "ONE\ntwo\nthree\nfour\n5\n");
  });

  it("leaves a file alone where edits overlap, and keeps it undecided", async () => {
    const id = await at.stored(change("a.ts", before, after), change("b.ts", null, "b\n"));
    const edited = before.replace("five", "FIVE");
    await at.workspace.write("a.ts", edited);
    const { results, change_set } = await apply(id);
    assert.deepEqual(results, { "a.ts": "conflict", "b.ts": "written" });
    assert.equal(await at.workspace.read("a.ts"), edited);
    assert.deepEqual(
      change_set.files.map(({ path, decision }) => [path, decision]),
      [
        ["a.ts", "Pending"],
        ["b.ts", "Accepted"],
      ],
    );
  });

  it("carries the user's edits along with a rename", async () => {
    const id = await at.stored(change("src/old.ts", before, null), change("src/new.ts", null, after));
    await at.workspace.write("src/old.ts", before.replace("one", "ONE"));
    assert.deepEqual((await apply(id)).results, { "src/new.ts": "merged" });
    assert.equal(await at.workspace.read("src/new.ts"), "ONE\ntwo\nthree\nfour\n5\n");
    assert.deepEqual(await at.workspace.list(), ["a.ts", "src/new.ts"]);
  });

  for (const [what, list, prepare] of [
    ["a new file the user made too", [change("b.ts", null, "theirs\n")], "b.ts"],
    ["a deletion of an edited file", [change("a.ts", before, null)], "a.ts"],
    [
      "a rename onto a file the user made",
      [change("src/old.ts", before, null), change("b.ts", null, before)],
      "b.ts",
    ],
  ] as const)
    it(`conflicts: ${what}`, async () => {
      const id = await at.stored(...list);
      await at.workspace.write(prepare, "mine\n");
      assert.deepEqual(Object.values((await apply(id)).results), ["conflict"]);
      assert.equal(await at.workspace.read(prepare), "mine\n");
      assert.equal(await at.workspace.read("src/old.ts"), before);
    });

  it("conflicts: a change of a file the user deleted", async () => {
    const id = await at.stored(change("a.ts", before, after));
    await at.workspace.remove();
    await at.workspace.write("other.ts", "");
    assert.deepEqual((await apply(id)).results, { "a.ts": "conflict" });
    assert.deepEqual(await at.workspace.list(), ["other.ts"]);
  });

  it("keeps the mode of a file and adds the right to execute", async () => {
    await chmod(join(at.workspace.root, "a.ts"), 0o640);
    const id = await at.stored(change("a.ts", before, after), change("run.sh", null, "#!/bin/sh\n", true));
    await apply(id);
    const modeOf = async (path: string) => (await stat(join(at.workspace.root, path))).mode & 0o777;
    assert.equal(await modeOf("a.ts"), 0o640);
    assert.equal((await modeOf("run.sh")) & 0o100, 0o100);
  });

  it("keeps the mode of a renamed file", async () => {
    await chmod(join(at.workspace.root, "src/old.ts"), 0o440);
    await apply(await at.stored(change("src/old.ts", before, null), change("src/new.ts", null, before)));
    assert.equal((await stat(join(at.workspace.root, "src/new.ts"))).mode & 0o777, 0o440);
    assert.deepEqual(await at.workspace.list(), ["a.ts", "src/new.ts"]);
  });

  it("removes no file whose name only changes its case where both names are one file", async () => {
    // Two hard links are like two spellings of a name on a file system that ignores case.
    await link(join(at.workspace.root, "a.ts"), join(at.workspace.root, "A.ts"));
    const { results } = await apply(
      await at.stored(change("a.ts", before, null), change("A.ts", null, before)),
    );
    assert.deepEqual(results, { "A.ts": "unchanged" });
    assert.deepEqual(await at.workspace.list(), ["A.ts", "a.ts", "src/old.ts"]);
    assert.equal(await at.workspace.read("A.ts"), before);
  });

  it("writes through a link inside the workspace and keeps the link", async () => {
    await symlink("a.ts", join(at.workspace.root, "link.ts"));
    await apply(await at.stored(change("link.ts", before, after)));
    assert.equal(await readlink(join(at.workspace.root, "link.ts")), "a.ts");
    assert.equal(await at.workspace.read("a.ts"), after);
  });

  it("writes nothing at all when one path leads out of the workspace", async () => {
    const id = await at.stored(change("a.ts", before, after), change("out/b.ts", null, "b\n"));
    await symlink(tmpdir(), join(at.workspace.root, "out"));
    await assert.rejects(apply(id), { code: "outside_workspace" });
    assert.equal(await at.workspace.read("a.ts"), before);
  });

  it("keeps what was written when a later file cannot be", async () => {
    const id = await at.stored(change("a.ts", before, after), change("file/b.ts", null, "b\n"));
    await at.workspace.write("file", "in the way\n");
    await assert.rejects(apply(id), { code: "write_failed" });
    assert.equal(await at.workspace.read("a.ts"), after);
    assert.deepEqual(
      at.store.get("changeSets", id)?.files.map(({ decision }) => decision),
      ["Accepted", "Pending"],
    );
  });

  it("merges text that is not UTF-8 byte for byte", async () => {
    const latin = Buffer.from("caf\xe9\r\nbar\n", "latin1");
    const changed = Buffer.from("caf\xe9\r\nBAR\n", "latin1");
    await at.workspace.write("latin.txt", latin);
    const id = await at.stored(change("latin.txt", latin, changed));
    await at.workspace.write("latin.txt", Buffer.concat([Buffer.from("top\n"), latin]));
    assert.deepEqual((await apply(id)).results, { "latin.txt": "merged" });
    const written = await readFile(join(at.workspace.root, "latin.txt"));
    assert.deepEqual(written, Buffer.concat([Buffer.from("top\n"), changed]));
  });
});

describe("deciding about a change set", () => {
  let at: Bench;
  let id: string;
  beforeEach(async () => {
    at = await bench({ "a.ts": before });
    id = await at.stored(change("a.ts", before, after), change("b.ts", null, "b\n"));
  });
  afterEach(() => at.workspace.remove());

  it("discards some and applies the rest", async () => {
    await at.changes.discard(id, ["b.ts"]);
    const { files, change_set } = await at.changes.apply(id, null);
    assert.deepEqual(files, [{ path: "a.ts", result: "written" }]);
    assert.equal(change_set.status, "PartlyAccepted");
    assert.deepEqual(await at.workspace.list(), ["a.ts"]);
  });

  it("discards all, again and again, and then refuses to apply", async () => {
    await at.changes.discard(id, null);
    assert.equal((await at.changes.discard(id, null)).status, "Discarded");
    await assert.rejects(at.changes.apply(id, null), { code: "change_set_decided" });
    assert.equal(await at.workspace.read("a.ts"), before);
  });

  it("refuses to discard what was written", async () => {
    await at.changes.apply(id, null);
    await assert.rejects(at.changes.discard(id, null), { code: "change_set_decided" });
    await assert.rejects(at.changes.discard(id, ["a.ts"]), { code: "change_set_decided" });
  });

  it("records what the editor applied itself and writes nothing", async () => {
    const set = await at.changes.decide(id, ["a.ts", "b.ts"], "Edited");
    assert.equal(set.status, "Accepted");
    assert.equal(await at.workspace.read("a.ts"), before);
  });

  it("refuses a path that is not in the set", async () => {
    await assert.rejects(at.changes.decide(id, ["c.ts"], "Accepted"), { code: "not_found" });
  });

  it("decides two calls at once one after the other", async () => {
    await Promise.all([at.changes.decide(id, ["a.ts"], "Accepted"), at.changes.discard(id, ["b.ts"])]);
    assert.deepEqual(
      at.store.get("changeSets", id)?.files.map(({ decision }) => decision),
      ["Accepted", "Discarded"],
    );
  });
});
