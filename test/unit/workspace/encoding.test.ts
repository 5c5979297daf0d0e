import assert from "node:assert/strict";
import fc from "fast-check";
import { CoditectError } from "../../../schemas/errors.ts";
import {
  decodeText,
  encodeText,
  fromFileContent,
  lineEnding,
  toFileContent,
  withLineEnding,
} from "../../../server/workspace/encoding.ts";

const bytesOf = (array: Uint8Array): Buffer => Buffer.from(array);
const utf8Bom = Buffer.of(0xef, 0xbb, 0xbf);

describe("text encoding", () => {
  it("gives any bytes back exactly, or says they are no text", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (array) => {
        const bytes = bytesOf(array);
        const decoded = decodeText(bytes);
        if (decoded === null) assert.ok(bytes.includes(0));
        else assert.deepEqual(encodeText(decoded.text, decoded.encoding, "a"), bytes);
      }),
      { numRuns: 2000 },
    );
  });

  it("carries any bytes over the wire exactly", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (array) => {
        assert.deepEqual(fromFileContent(toFileContent(bytesOf(array))), bytesOf(array));
      }),
    );
  });

  it("takes a byte order mark off the text and puts it back", () => {
    const bytes = Buffer.concat([utf8Bom, Buffer.from("grün\r\n")]);
    assert.deepEqual(decodeText(bytes), { text: "grün\r\n", encoding: "utf8-bom" });
    assert.deepEqual(encodeText("rot", "utf8-bom", "a"), Buffer.concat([utf8Bom, Buffer.from("rot")]));
  });

  it("reads UTF-16 with a mark, as some Windows tools write it", () => {
    const bytes = Buffer.concat([Buffer.of(0xff, 0xfe), Buffer.from("Größe", "utf16le")]);
    assert.deepEqual(decodeText(bytes), { text: "Größe", encoding: "utf16le" });
  });

  it("refuses characters the file's encoding cannot hold, and names them", () => {
    const decoded = decodeText(Buffer.from("caf\xe9", "latin1"));
    assert.equal(decoded?.encoding, "latin1");
    assert.throws(
      () => encodeText("café → 茶", "latin1", "menu.txt"),
      (error) =>
        error instanceof CoditectError && error.code === "not_encodable" && error.message.includes("→茶"),
    );
  });

  it("tells binary data from text by its zero bytes", () => {
    assert.equal(decodeText(Buffer.from("PNG\0data")), null);
  });

  it("finds the line ending most lines have", () => {
    assert.equal(lineEnding("one"), "\n");
    assert.equal(lineEnding("one\r\ntwo\r\nthree\n"), "\r\n");
    assert.equal(lineEnding("one\r\ntwo\nthree\n"), "\n");
    assert.equal(withLineEnding("one\r\ntwo\n", "\r\n"), "one\r\ntwo\r\n");
  });
});
