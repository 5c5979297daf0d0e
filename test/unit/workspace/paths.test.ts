import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { CoditectError } from "../../../schemas/errors.ts";
import { confine, isWithin, relativePath, toWorkspacePath } from "../../../server/workspace/paths.ts";

const isOutside = (error: unknown): boolean =>
  error instanceof CoditectError && error.code === "outside_workspace";

describe("workspace paths", () => {
  it("are taken as models write them", () => {
    assert.equal(toWorkspacePath("./src//a.ts"), "src/a.ts");
    assert.equal(toWorkspacePath("src\\a b\\ü.ts"), "src/a b/ü.ts");
    assert.equal(toWorkspacePath(" src/./a.ts "), "src/a.ts");
  });

  for (const path of [
    "/etc/passwd",
    "../a",
    "src/../../a",
    "C:\\a",
    "c:/a",
    "",
    ".",
    "a\0b",
    "//server/a",
    "..",
  ]) {
    it(`${JSON.stringify(path)} is refused`, () => {
      assert.throws(() => toWorkspacePath(path), isOutside);
    });
  }
});

describe("confinement", () => {
  let place: string;
  let root: string;
  beforeEach(() => {
    place = realpathSync(mkdtempSync(join(tmpdir(), "confine-")));
    root = join(place, "root");
    for (const folder of ["root/src", "outside"]) mkdirSync(join(place, folder), { recursive: true });
    writeFileSync(join(root, "src/a.ts"), "");
    writeFileSync(join(place, "outside/secret"), "");
  });
  afterEach(() => {
    rmSync(place, { recursive: true });
  });

  it("gives the real place of what is inside, there or not", () => {
    symlinkSync("src", join(root, "link"));
    assert.equal(confine(root, "src/a.ts"), join(root, "src/a.ts"));
    assert.equal(confine(root, "link/new/b.ts"), join(root, "src/new/b.ts"));
  });

  it("refuses links that lead out, at any depth and to what does not exist yet", () => {
    symlinkSync("../outside", join(root, "out"));
    symlinkSync(join(place, "outside/secret"), join(root, "src/file"));
    symlinkSync("../nowhere", join(root, "dangling"));
    symlinkSync("circle", join(root, "circle"));
    for (const path of ["out", "out/secret", "out/new", "src/file", "dangling", "circle/a"]) {
      assert.throws(() => confine(root, path), isOutside, path);
    }
  });

  it("follows links into the folders it is told of, and no others", () => {
    symlinkSync(join(place, "outside"), join(root, "modules"));
    assert.equal(confine(root, "modules/secret", [join(place, "outside")]), join(place, "outside/secret"));
    assert.throws(() => confine(root, "modules/secret", [join(root, "src")]), isOutside);
  });

  it("never gives a place outside, whatever the path and the links are", () => {
    const segment = fc.constantFrom("src", "out", "loop", "a.ts", "..", ".", "new", "deep");
    symlinkSync("../outside", join(root, "out"));
    symlinkSync(".", join(root, "src/loop"));
    symlinkSync("../..", join(root, "src/deep"));
    fc.assert(
      fc.property(fc.array(segment, { minLength: 1, maxLength: 6 }), (segments) => {
        try {
          assert.ok(isWithin(root, confine(root, toWorkspacePath(segments.join("/")))));
        } catch (error) {
          assert.ok(isOutside(error), String(error));
        }
      }),
      { numRuns: 500 },
    );
  });

  it("knows a folder from one whose name begins the same", () => {
    assert.ok(isWithin("/a/b", "/a/b/..c"));
    assert.ok(!isWithin("/a/b", "/a/bc"));
    assert.equal(relativePath("/a/b", "/a/b/c/d"), "c/d");
  });
});
