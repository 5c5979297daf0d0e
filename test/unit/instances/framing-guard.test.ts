import assert from "node:assert/strict";
import { once } from "node:events";
import fc from "fast-check";
import { FramingGuard } from "../../../server/instances/framing-guard.ts";

const frame = (body: string): string => `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;

/** Sends bytes in pieces of the given sizes; resolves with what came through, or the refusal. */
const pass = async (bytes: Buffer, sizes: number[], limit = 100): Promise<Buffer | string> => {
  const guard = new FramingGuard(limit);
  const through: Buffer[] = [];
  guard.on("data", (chunk: Buffer) => through.push(chunk));
  const ended = once(guard, "end");
  let at = 0;
  for (const size of [...sizes, bytes.length]) {
    guard.write(bytes.subarray(at, at + size));
    at += size;
  }
  guard.end();
  return ended.then(
    () => Buffer.concat(through),
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
};

describe("the framing guard", () => {
  it("passes whole frames through unchanged, however they are cut into pieces", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ maxLength: 20 }), { maxLength: 5 }),
        fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 20 }),
        async (bodies, sizes) => {
          const bytes = Buffer.from(bodies.map(frame).join(""));
          assert.deepEqual(await pass(bytes, sizes), bytes);
        },
      ),
    );
  });
  it("refuses a message over the limit when it is announced, not when it has come", async () => {
    assert.match(String(await pass(Buffer.from("Content-Length: 101\r\n\r\n"), [])), /101 bytes is over 100/);
  });
  it("refuses what is no message", async () => {
    assert.match(String(await pass(Buffer.from("hello\r\n\r\n"), [3])), /not a message/);
    assert.match(String(await pass(Buffer.alloc(10_000, "x"), [4096])), /not a message/);
  });
});
