import assert from "node:assert/strict";
import { netFrames } from "../../../server/worker/runners/project-frames.ts";

describe("frames of .NET", () => {
  it("have their paths, whatever is in the names of folders and parameters", () => {
    assert.equal(
      netFrames(
        "   at Shop.Cart.Add(String in, Int32 a) in /w/work in progress (2)/Cart.cs:line 5\n   at Shop.Cart.<Sum>b__0() in /_/src/Cart.vb:line 7",
      ),
      "   at Shop.Cart.Add(String in, Int32 a) (/w/work in progress (2)/Cart.cs:5)\n   at Shop.Cart.<Sum>b__0() (src/Cart.vb:7)",
    );
  });

  it("are read in linear time", function () {
    this.timeout(5000);
    const long = `   at ${"x() in ".repeat(100_000)}`;
    assert.equal(netFrames(long), long);
  });
});
