import assert from "node:assert/strict";
import { affectedTests } from "../../../server/context/affected-tests.ts";
import { testWorkspace } from "../../support/workspace.ts";

describe("the tests that a change can affect", () => {
  it("are those that import the file, or import what imports it", async () => {
    const workspace = await testWorkspace({
      "src/price.js": "export const price = () => 1;\n",
      "src/cart.js": 'import { price } from "./price.js";\nexport const cart = () => price();\n',
      "src/other.js": "export const other = () => 2;\n",
      "test/price.test.js": 'import { price } from "../src/price.js";\n',
      "test/cart.test.js": 'import { cart } from "../src/cart.js";\n',
      "test/other.test.js": 'import { other } from "../src/other.js";\n',
      "shop/money.py": "def euro():\n    return 1\n",
      "shop/bill.py": "from shop.money import euro\n",
      "tests/test_bill.py": "from shop.bill import euro\n",
    });
    const { signal } = new AbortController();
    const of = (path: string) => affectedTests(workspace.root, [path], [], signal);
    assert.deepEqual((await of("src/price.js")).sort(), ["test/cart.test.js", "test/price.test.js"]);
    assert.deepEqual(await of("src/other.js"), ["test/other.test.js"]);
    assert.deepEqual(await of("shop/money.py"), ["tests/test_bill.py"]);
    assert.deepEqual(await affectedTests(workspace.root, [], [], signal), []);
    await workspace.remove();
  });

  it("are not files among tests that hold no test themselves", async () => {
    const workspace = await testWorkspace({
      "lib/app.js": "module.exports = () => 1;\n",
      "test-helpers/context.js": 'module.exports = require("../lib/app");\n',
      "test-helpers/checks.js":
        'const app = require("../lib/app");\nconst test = require("node:test");\ntest("starts", () => app());\n',
      "__tests__/app.test.js": 'require("../lib/app");\n',
    });
    const affected = await affectedTests(workspace.root, ["lib/app.js"], [], new AbortController().signal);
    assert.deepEqual(affected.sort(), ["__tests__/app.test.js", "test-helpers/checks.js"]);
    await workspace.remove();
  });

  it("are also those that reach the file through a helper, or through pytest's conftest.py", async () => {
    const workspace = await testWorkspace({
      "src/price.js": "export const price = () => 1;\n",
      "test/helpers/shop.js":
        'import { price } from "../../src/price.js";\nexport const expectPrice = (n) => expect(price()).toBe(n);\n',
      "test/bill.test.js":
        'import { expectPrice } from "./helpers/shop.js";\nit("costs", () => expectPrice(1));\n',
      "test/other.test.js": 'it("is", () => {});\n',
      "shop/money.py": "def euro():\n    return 1\n",
      "tests/api/conftest.py":
        "import pytest\nfrom shop.money import euro\n@pytest.fixture\ndef price():\n    return euro()\n",
      "tests/api/test_bill.py": "def test_bill(price):\n    assert price == 1\n",
      "tests/test_other.py": "def test_other():\n    assert True\n",
    });
    const { signal } = new AbortController();
    const of = (path: string) => affectedTests(workspace.root, [path], [], signal);
    for (const path of ["src/price.js", "test/helpers/shop.js"])
      assert.equal((await of(path)).includes("test/bill.test.js"), true, path);
    assert.equal((await of("src/price.js")).includes("test/other.test.js"), false);
    for (const path of ["shop/money.py", "tests/api/conftest.py"])
      assert.deepEqual(await of(path), ["tests/api/test_bill.py"], path);
    await workspace.remove();
  });
});
