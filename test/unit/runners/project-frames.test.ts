import assert from "node:assert/strict";
import { goFrames, netFrames } from "../../../server/worker/runners/project-frames.ts";

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

describe("frames of Go", () => {
  it("are the project's own", () => {
    const folder = import.meta.dirname;
    const frame = (name: string, path: string): string => `${name}(...)\n\t${path}:4 +0x10b\n`;
    assert.equal(
      goFrames(
        folder,
        `panic: no\n\ngoroutine 4 [running]:\n${frame("panic", "/usr/lib/go/panic.go")}${frame("cart.Total", `${folder}/cart.go`)}${frame("mock.New", `${folder}/vendor/mock/mock.go`)}created by testing.(*T).Run\n\t/usr/lib/go/testing.go:1493 +0x35f\n`,
      ),
      `panic: no\n\ngoroutine 4 [running]:\n\ncart.Total(...)\n\t${folder}/cart.go:4 +0x10b\n\n`,
    );
  });
});
