import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { KEPT_PRICES, keptPrices } from "../../../scripts/kept-prices.ts";

describe("the kept prices", () => {
  it("are those of the installed price data: npm run models -- --write takes changes over", async () => {
    assert.deepEqual(JSON.parse(await readFile(KEPT_PRICES, "utf8")), keptPrices());
  });
});
