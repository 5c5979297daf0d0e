import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { glob } from "node:fs/promises";
import { join, posix, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { format, resolveConfig } from "prettier";
import ts from "typescript";
import { importTable, rowOf, withImportTable } from "../../../scripts/import-table.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const read = (file: string): string => readFileSync(join(root, file), "utf8");

/** Every file of these folders with our files that it imports, in whatever way. */
const readImports = async (folders: string): Promise<Map<string, string[]>> => {
  const imports = new Map<string, string[]>();
  const exclude = ["test/{fixtures,output}/**", "**/node_modules/**"];
  for await (const found of glob(`${folders}/**/*.{ts,mjs}`, { cwd: root, exclude })) {
    const file = found.split(sep).join("/");
    const targets = ts
      .preProcessFile(read(file), true, true)
      .importedFiles.map(({ fileName }) => fileName)
      .filter((name) => /^\..*\.(ts|mjs)$/.test(name))
      .map((name) => posix.normalize(posix.join(posix.dirname(file), name)));
    imports.set(file, [...new Set(targets)]);
  }
  return imports;
};

/** The first way from a file back to itself; null: there is none. */
const findCircle = (imports: ReadonlyMap<string, readonly string[]>): string[] | null => {
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): string[] | null => {
    const start = path.indexOf(file);
    if (start >= 0) return [...path.slice(start), file];
    if (done.has(file)) return null;
    for (const target of imports.get(file) ?? []) {
      const circle = visit(target, [...path, file]);
      if (circle !== null) return circle;
    }
    done.add(file);
    return null;
  };
  for (const file of imports.keys()) {
    const circle = visit(file, []);
    if (circle !== null) return circle;
  }
  return null;
};

describe("imports", () => {
  /** Of the product. */
  let imports: Map<string, string[]>;
  before(async () => {
    imports = await readImports("{schemas,client,server}");
    assert.ok(imports.size > 300, `${imports.size} files were found`);
  });

  it("follow the import table, type-only and dynamic ones too", () => {
    const wrong = [...imports].flatMap(([file, targets]) => {
      const row = rowOf(file);
      assert.ok(row !== undefined, `${file} has no row in scripts/import-table.ts`);
      const allowed = [row.folder, ...row.imports];
      return targets
        .filter((target) => !allowed.includes(rowOf(target)?.folder ?? ""))
        .map((target) => `${file} imports ${target}`);
    });
    assert.deepEqual(wrong, []);
  });

  it("make no circle, nor do those of tests and scripts", async () => {
    const others = await readImports("{test,scripts}");
    assert.ok(others.size > 500, `${others.size} files were found`);
    assert.deepEqual(findCircle(new Map([...imports, ...others])), null);
  });

  it("use everything that the import table allows", () => {
    const used = new Set(
      [...imports].flatMap(([file, targets]) =>
        targets.map((target) => `${rowOf(file)?.folder ?? ""} imports ${rowOf(target)?.folder ?? ""}`),
      ),
    );
    const unused = importTable
      .flatMap(({ folder, imports: allowed }) => allowed.map((name) => `${folder} imports ${name}`))
      .filter((pair) => !used.has(pair));
    assert.deepEqual(unused, []);
  });

  it("are shown in ARCHITECTURE.md as the import table has them", async () => {
    const path = join(root, "ARCHITECTURE.md");
    const text = read("ARCHITECTURE.md");
    const options = { ...(await resolveConfig(path)), filepath: path };
    const expected = await format(withImportTable(text), options);
    assert.equal(text, expected, "run `node scripts/import-table.ts` and `npm run format`");
  });

  it("are found to make a circle where they do", () => {
    const circle = new Map([
      ["a.ts", ["b.ts"]],
      ["b.ts", ["c.ts"]],
      ["c.ts", ["b.ts"]],
    ]);
    assert.deepEqual(findCircle(circle), ["b.ts", "c.ts", "b.ts"]);
  });
});
