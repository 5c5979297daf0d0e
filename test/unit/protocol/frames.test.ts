import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import fc from "fast-check";
import type { Message } from "vscode-jsonrpc";
import { FrameReader, FrameWriter } from "../../../server/protocol/frames.ts";

const framed = (body: string): string => `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;

/** Reads bytes that come in pieces of the given sizes: the messages before what is refused. */
const read = (bytes: Buffer, sizes: number[], limit = 100): { messages: Message[]; refused: string[] } => {
  const stream = new PassThrough();
  const reader = new FrameReader(stream, limit);
  const messages: Message[] = [];
  const refused: string[] = [];
  reader.onError((error) => refused.push(error.message));
  reader.listen((message) => messages.push(message));
  let at = 0;
  for (const size of [...sizes, bytes.length]) {
    stream.emit("data", bytes.subarray(at, at + size));
    at += size;
  }
  return { messages, refused };
};

const refusalOf = (text: string, sizes: number[]): string[] => read(Buffer.from(text), sizes).refused;

const message = fc.record(
  { jsonrpc: fc.constant("2.0"), method: fc.string({ unit: "grapheme" }) },
  { noNullPrototype: true },
);

describe("the frames of the worker protocol", () => {
  it("are read as they were, however they are cut into pieces", () => {
    fc.assert(
      fc.property(
        fc.array(message, { maxLength: 5 }),
        fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 20 }),
        (messages, sizes) => {
          const bytes = Buffer.from(messages.map((each) => framed(JSON.stringify(each))).join(""));
          assert.deepEqual(read(bytes, sizes, 1000), { messages, refused: [] });
        },
      ),
    );
  });
  it("are written in one piece each, as they are read", async () => {
    const stream = new PassThrough();
    const pieces: Buffer[] = [];
    stream.on("data", (piece: Buffer) => pieces.push(piece));
    const writer = new FrameWriter(stream);
    const messages = ["ä€𝄞", ""].map((method) => ({ jsonrpc: "2.0", method }));
    await Promise.all(messages.map((each) => writer.write(each)));
    assert.equal(pieces.length, messages.length);
    assert.deepEqual(read(Buffer.concat(pieces), []), { messages, refused: [] });
  });
  it("refuse a message over the limit when it is announced, not when it has come", () => {
    assert.deepEqual(refusalOf("Content-Length: 101\r\n\r\n", []), ["a message of 101 bytes is over 100"]);
  });
  it("refuse what is no message", () => {
    assert.deepEqual(refusalOf("hello\r\n\r\n", [3]), ["its output is not a message"]);
    assert.deepEqual(refusalOf("x".repeat(10_000), [4096]), ["its output is not a message"]);
    assert.deepEqual(refusalOf(framed("{not json"), []), ["its output is not a message"]);
  });
  it("are taken no more after one that was refused", () => {
    const stream = new PassThrough();
    const reader = new FrameReader(stream);
    const messages: Message[] = [];
    reader.listen((each) => messages.push(each));
    stream.emit("data", Buffer.from("hello\r\n\r\n"));
    stream.emit("data", Buffer.from(framed('{"jsonrpc":"2.0"}')));
    assert.deepEqual(messages, []);
    assert.ok(reader.stopped);
  });
});
