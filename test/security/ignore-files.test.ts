import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import ignore from "ignore";
import { describe, it } from "mocha";
import { globFilter } from "../../server/workspace/glob.ts";
import { boundedPatterns } from "../../server/workspace/ignore-patterns.ts";
import { ignoreRules } from "../../server/workspace/ignore.ts";
import { walkWorkspace } from "../../server/workspace/walk.ts";
import { testWorkspace } from "../support/workspace.ts";

const deep = Array.from({ length: 120 }, () => "a").join("/");
const slow = `${"a/**/".repeat(30)}b`;
const walked = (root: string): string[] =>
  [...walkWorkspace(root, ignoreRules(root))].flatMap(({ files }) => files);

/** Patterns that other tools' globs and ignore files hang on (CVE-2022-3517, CVE-2026-26996 and others of the kind). */
describe("ignore files of a repository that are made to take long", function () {
  this.timeout(10_000);

  for (const name of [".gitignore", ".coditectignore"])
    it(`do not stop a walk: ${name} with many **, in a deep folder`, async () => {
      const workspace = await testWorkspace({
        [name]: `${slow}\n${"**/a/".repeat(20)}c\nsecret.txt\n`,
        "secret.txt": "",
      });
      await mkdir(join(workspace.root, deep), { recursive: true });
      await writeFile(join(workspace.root, deep, "kept.txt"), "");
      assert.deepEqual(walked(workspace.root), [name, `${deep}/kept.txt`]);
      await workspace.remove();
    });

  it("close everything where .coditectignore has more patterns than can be held against each path", async () => {
    const many = Array.from({ length: 20_000 }, (_, index) => `*.${index}`).join("\n");
    const workspace = await testWorkspace({ ".coditectignore": many, "a.txt": "" });
    assert.deepEqual(walked(workspace.root), []);
    await workspace.remove();
  });

  it("nor does a glob of a model stop its worker", () => {
    assert.equal(globFilter(slow)(`${deep}/c`), false);
    assert.equal(globFilter("{" + "**/a/,".repeat(20) + "b}" + "/**/c".repeat(20))(`${deep}/d`), false);
  });

  it("close no less than they say, and open no more", () => {
    const segment = fc.constantFrom("a", "b", "**", "*", "c*");
    const pattern = fc.array(segment, { minLength: 1, maxLength: 6 }).map((parts) => parts.join("/"));
    const path = fc.array(fc.constantFrom("a", "b", "c", "cd"), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(pattern, fc.boolean(), path, (written, opens, segments) => {
        const text = opens ? `*\n!${written}` : written;
        const file = segments.join("/");
        const isClosed = ignore().add(boundedPatterns(text)).ignores(file);
        assert.ok(isClosed || !ignore().add(text).ignores(file), `${text} ${file}`);
      }),
    );
  });

  it("mean what they meant with two ** or fewer", () => {
    for (const line of ["**/build", "src/**/gen/**", "a/**/b", "!**/keep", "x**y/**"])
      assert.equal(boundedPatterns(line), line);
  });
});
