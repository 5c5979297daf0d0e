import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { testedSources } from "../../../server/context/tested-sources.ts";
import { testWorkspace } from "../../support/workspace.ts";

describe("the sources that test files run", () => {
  it("are those that they import, and those that these import, nearest first", async () => {
    const workspace = await testWorkspace({
      "src/price.js": "export const price = () => 1;\n",
      "src/cart.js": 'import { price } from "./price.js";\nexport const cart = () => price();\n',
      "src/other.js": "export const other = () => 2;\n",
      "test/cart.test.js": 'import { given } from "./given.js";\n',
      "test/given.js": 'import { cart } from "../src/cart.js";\n',
      "shop/money.py": "def euro():\n    return 1\n",
    });
    const { signal } = new AbortController();
    const unwritten = new Map([["tests/test_new.py", "from shop.money import euro\n"]]);
    const read = (path: string) =>
      unwritten.has(path)
        ? Promise.resolve(unwritten.get(path) ?? null)
        : readFile(join(workspace.root, path), "utf8");
    const of = (test: string) => testedSources(workspace.root, [test], { read, overlays: [], signal });
    assert.deepEqual(await of("test/cart.test.js"), ["src/cart.js", "src/price.js"]);
    assert.deepEqual(await of("tests/test_new.py"), ["shop/money.py"]);
    await workspace.remove();
  });
});
