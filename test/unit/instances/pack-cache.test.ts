import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { Receiver } from "../../../server/instances/drivers/remote/files.ts";
import { PackIds, packsOf } from "../../../server/instances/drivers/remote/packs.ts";
import { fileParts, type TreeEntry } from "../../../server/workspace/tree.ts";
import { receiverAt } from "../../support/remote/receiver.ts";

const never = new AbortController().signal;

/** What a folder contains: type, mode and content of each path. */
const pictureOf = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .toSorted()
    .map((name) => {
      const path = join(folder, name);
      const stats = lstatSync(path);
      if (stats.isSymbolicLink()) return `${name} -> ${readlinkSync(path)}`;
      if (stats.isDirectory()) return `${name}/`;
      const content = createHash("sha256").update(readFileSync(path)).digest("hex");
      return `${name} ${(stats.mode & 0o111) === 0 ? "" : "x"} ${content}`;
    });

/** The names of the files in all folders of a cache. */
const kept = (cache: string): string[] =>
  readdirSync(cache, { recursive: true, encoding: "utf8" })
    .map((name) => join(cache, name))
    .filter((path) => lstatSync(path).isFile())
    .toSorted();

/** A way to damage a file of a cache. `other` is the content of another one. */
const damages: Readonly<Record<string, (path: string, other: Buffer) => void>> = {
  nothing: () => undefined,
  removed: (path) => {
    rmSync(path);
  },
  emptied: (path) => {
    truncateSync(path, 0);
  },
  cut: (path) => {
    truncateSync(path, Math.floor(statSync(path).size / 2));
  },
  lengthened: (path) => {
    writeFileSync(path, Buffer.concat([readFileSync(path), Buffer.from("more")]));
  },
  "changed in one bit": (path) => {
    const bytes = readFileSync(path);
    const at = Math.floor(bytes.length / 3);
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    writeFileSync(path, bytes);
  },
  "replaced by another": (path, other) => {
    writeFileSync(path, other);
  },
  "replaced by a link": (path) => {
    rmSync(path);
    symlinkSync("/etc/passwd", path);
  },
  "replaced by a folder": (path) => {
    rmSync(path);
    mkdirSync(path);
  },
};

describe("what pods keep of a workspace for later pods", () => {
  let folder: string;
  let source: string;
  let cache: string;
  let pods = 0;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "coditect-packs-"));
    source = join(folder, "source");
    cache = join(folder, "cache");
    mkdirSync(join(source, "inner"), { recursive: true });
    mkdirSync(cache);
    for (const name of ["a", "inner/b", "inner/c"]) writeFileSync(join(source, name), randomBytes(400_000));
    writeFileSync(join(source, "run"), "#!/bin/sh\n");
    chmodSync(join(source, "run"), 0o755);
    symlinkSync("inner/b", join(source, "link"));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  const key = randomBytes(32).toString("hex");
  const name = "0".repeat(64);

  /** Sends the source to a new pod; its tree is compared with the source. */
  const send = async (use: { limit?: number; folder?: string; key?: string } = {}) => {
    const root = join(folder, `pod-${(pods += 1)}`);
    const stream = receiverAt(root, { "/cache": cache });
    const receiver = new Receiver({
      ...{ stream, what: "pod" },
      cache: { ...{ root: "/cache", folder: name, key, limit: 2 ** 40 }, ids: new PackIds(), ...use },
    });
    const tree = receiver.tree(() => fileParts([source]));
    await tree.sync(never);
    assert.deepEqual(pictureOf(join(root, source)), pictureOf(source));
    // The answer to this comes after the receiver has removed what is too much.
    await tree.sync(never);
    stream.close();
    await stream.closed;
    return { ...receiver.use, bytes: stream.sent() };
  };

  it("is not sent again", async () => {
    const first = await send();
    const second = await send();
    assert.equal(first.sent, first.packs);
    assert.ok(first.packs >= 3 && first.bytes > 1_200_000);
    assert.deepEqual({ ...second, bytes: 0 }, { packs: first.packs, sent: 0, problem: null, bytes: 0 });
    assert.ok(second.bytes < 2000, `${second.bytes} bytes`);
    writeFileSync(join(source, "inner/c"), randomBytes(400_000));
    const third = await send();
    assert.ok(third.sent >= 1 && third.sent < third.packs);
  });

  it("makes the same tree, however it is damaged, and is mended", async () => {
    await send();
    const damage = fc.constantFrom(...Object.keys(damages));
    await fc.assert(
      fc.asyncProperty(fc.array(damage, { minLength: 8, maxLength: 8 }), async (chosen) => {
        const before = kept(cache);
        const other = readFileSync(before[0] ?? "");
        for (const [index, path] of before.entries())
          damages[chosen[index % chosen.length] ?? "nothing"]?.(path, other);
        const { problem } = await send();
        if (problem === null) assert.equal((await send()).sent, 0);
        rmSync(cache, { recursive: true });
        mkdirSync(cache);
        await send();
      }),
      { numRuns: 8 },
    );
  });

  it("is of no use to another workspace, or to who reads the volume", async () => {
    writeFileSync(join(source, "a"), "a sentence that can be recognised ".repeat(20_000));
    const first = await send();
    const second = await send({ folder: "1".repeat(64), key: randomBytes(32).toString("hex") });
    assert.equal(second.sent, second.packs);
    const names = kept(cache).map((path) => path.slice(-64));
    assert.equal(new Set(names).size, first.packs + second.packs);
    assert.ok(kept(cache).every((path) => !readFileSync(path).includes("recognised")));
    // A key that is not the folder's opens nothing.
    const third = await send({ key: randomBytes(32).toString("hex") });
    assert.equal(third.sent, third.packs);
  });

  it("stays below its limit: the oldest goes, whichever workspace it is of", async () => {
    await send({ folder: "1".repeat(64) });
    const old = kept(cache);
    for (const path of old) utimesSync(path, 1, 1);
    writeFileSync(join(cache, "of-others"), "not ours");
    utimesSync(join(cache, "of-others"), 1, 1);
    const limit = old.reduce((sum, path) => sum + statSync(path).size, 0) + 10_000;
    await send({ limit });
    const left = kept(cache);
    assert.ok(
      old.every((path) => !left.includes(path)),
      "the new packs took the place of the old ones",
    );
    assert.ok(left.includes(join(cache, "of-others")));
    assert.equal((await send({ limit })).sent, 0);
  });

  it("leads nowhere else, although who writes to the volume puts links into it", async () => {
    const elsewhere = join(folder, "elsewhere");
    const inside = join(elsewhere, "a".repeat(64));
    mkdirSync(elsewhere);
    writeFileSync(inside, "a file that only looks like a pack");
    symlinkSync(elsewhere, join(cache, "2".repeat(64)));
    await send({ limit: 0 });
    assert.deepEqual(readdirSync(elsewhere), ["a".repeat(64)]);
    symlinkSync(elsewhere, join(cache, "3".repeat(64)));
    const { sent, packs, problem } = await send({ folder: "3".repeat(64) });
    assert.deepEqual([sent, problem], [packs, "its folder was replaced by a link"]);
    assert.deepEqual(readdirSync(elsewhere), ["a".repeat(64)]);
  });

  it("says why it cannot be used, and everything is sent", async () => {
    rmSync(cache, { recursive: true });
    writeFileSync(cache, "a file in place of the volume");
    const { sent, packs, problem } = await send();
    assert.equal(sent, packs);
    assert.match(problem ?? "", /ENOTDIR|EEXIST/);
  });
});

describe("the packs of a tree", () => {
  const entry = fc
    .record({ path: fc.uuid(), size: fc.integer({ min: 20_000, max: 200_000 }) })
    .map(({ path, size }): TreeEntry => ({
      ...{ path, size, type: "file", executable: false, target: null },
      stamp: String(size),
    }));
  const trees = fc.array(entry, { minLength: 100, maxLength: 300, size: "max" });
  const idOf = (pack: readonly TreeEntry[]): string => pack.map(({ path }) => path).join();

  it("contain every entry once, in its order", () => {
    fc.assert(
      fc.property(trees, (entries) => {
        assert.deepEqual(packsOf(entries).flat(), entries);
      }),
    );
  });

  it("are mostly as before when an entry was added", () => {
    const added: TreeEntry = {
      ...{ path: "added", size: 5000, type: "file", executable: false, target: null, stamp: "" },
    };
    fc.assert(
      fc.property(trees, fc.nat(300), (entries, at) => {
        const before = new Set(packsOf(entries).map(idOf));
        const packs = packsOf(entries.toSpliced(at, 0, added));
        const changed = packs.filter((pack) => !before.has(idOf(pack))).length;
        assert.ok(changed <= packs.length / 2 + 2, `${changed} of ${packs.length}`);
      }),
    );
  });
});
