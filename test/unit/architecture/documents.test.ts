import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "mocha";

const root = join(import.meta.dirname, "../../..");
const documents = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "docs/*.md"];
/** What tests write is there only after they ran. */
const ownPath = /`((?!test\/output\/)(?:server|client|schemas|test|scripts)\/[^`\s<>]*)`/g;

describe("documents for developers", () => {
  for (const document of globSync(documents, { cwd: root }).sort())
    it(`${document} names files and folders that exist`, () => {
      const named = [...readFileSync(join(root, document), "utf8").matchAll(ownPath)].map(
        ([, path]) => path ?? "",
      );
      // What tests write is there only after they ran.
      const isWritten = (path: string): boolean => path.startsWith("test/output/");
      assert.deepEqual(
        named.filter((path) => !isWritten(path) && globSync(path, { cwd: root }).length === 0),
        [],
      );
    });

  it("SECURITY.md names a test for each row that exists", () => {
    const text = readFileSync(join(root, "SECURITY.md"), "utf8");
    const rows = text
      .split("\n")
      .filter((line) => line.startsWith("| "))
      .slice(2);
    const named = rows.flatMap((row) => [...(row.split("|").at(-2) ?? "").matchAll(/`([^`]+)`/g)]);
    const folders = [".", "security", "integration", "unit"];
    const isThere = (name: string): boolean =>
      folders.some((folder) => globSync(`test/${folder}/${name}{.test.ts,.ts,}`, { cwd: root }).length > 0);
    assert.deepEqual(
      named.flatMap(([, name = ""]) => (isThere(name) ? [] : [name])),
      [],
    );
    assert.ok(named.length >= rows.length);
  });
});
