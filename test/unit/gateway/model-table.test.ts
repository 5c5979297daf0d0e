import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { withModelTable } from "../../../scripts/model-table.ts";

const root = new URL("../../../", import.meta.url);
const document = readFileSync(new URL("docs/models.md", root), "utf8");

describe("docs/models.md", () => {
  it("has the table of the models as they are known (node scripts/model-table.ts writes it)", async () => {
    assert.equal(document, await withModelTable(document));
  });

  it("names tests that exist in the table of what is tested", () => {
    const begin = document.indexOf("## What is tested");
    const section = document.slice(begin, document.indexOf("\n## ", begin + 1));
    const columns = section.split("\n").flatMap((line) => line.split("|").at(-2) ?? []);
    let folder = "";
    const missing = columns
      .flatMap((column) => [...column.matchAll(/`([\w/-]+)`/g)].map(([, name = ""]) => name))
      .filter((name) => {
        // A name without a folder is in that of the one before.
        if (name.includes("/")) folder = name.slice(0, name.lastIndexOf("/"));
        const path = name.includes("/") ? name : `${folder}/${name}`;
        const places = [path, path.replace("integration", "unit")];
        return !places.some((place) => existsSync(new URL(`test/${place}.test.ts`, root)));
      });
    assert.deepEqual(missing, []);
    assert.ok(columns.length > 10);
  });
});
