import { isUtf8 } from "node:buffer";
import type { FileContent } from "../../schemas/changes.ts";
import { fail } from "../../schemas/errors.ts";

/**
 * How a file's bytes hold its text. `latin1` is used for every other encoding of one byte per character:
 * its text may read oddly, but goes back byte for byte.
 */
export type TextEncoding = "utf8" | "utf8-bom" | "utf16le" | "latin1";

export interface DecodedText {
  /** Without a byte order mark; line endings as they are. */
  text: string;
  encoding: TextEncoding;
}

const startsWith = (bytes: Uint8Array, mark: readonly number[]): boolean =>
  bytes.length >= mark.length && mark.every((byte, index) => bytes[index] === byte);

/** The text of a file's bytes; `null` when they are not text. `encodeText` is its exact inverse. */
export const decodeText = (bytes: Buffer): DecodedText | null => {
  if (startsWith(bytes, [0xff, 0xfe]) && bytes.length % 2 === 0) {
    const text = bytes.toString("utf16le", 2);
    return text.includes("\0") ? null : { text, encoding: "utf16le" };
  }
  if (bytes.includes(0)) return null;
  if (!isUtf8(bytes)) return { text: bytes.toString("latin1"), encoding: "latin1" };
  return startsWith(bytes, [0xef, 0xbb, 0xbf])
    ? { text: bytes.toString("utf8", 3), encoding: "utf8-bom" }
    : { text: bytes.toString("utf8"), encoding: "utf8" };
};

/** The bytes of `text` in that encoding. Errors: `not_encodable` when the encoding cannot hold it. */
export const encodeText = (text: string, encoding: TextEncoding, path: string): Buffer => {
  const refuse = (characters: string, kept: string) =>
    fail("not_encodable", { path, encoding: kept, characters: characters.slice(0, 20) });
  switch (encoding) {
    case "utf16le":
      return Buffer.concat([Buffer.of(0xff, 0xfe), Buffer.from(text, "utf16le")]);
    case "latin1": {
      const foreign = text.match(/[^\u0000-\u00ff]/gu);
      if (foreign !== null) throw refuse(foreign.join(""), "one byte per character");
      return Buffer.from(text, "latin1");
    }
    case "utf8":
    case "utf8-bom":
      if (!text.isWellFormed()) throw refuse("half of a surrogate pair", "UTF-8");
      return Buffer.from(encoding === "utf8" ? text : `\ufeff${text}`, "utf8");
  }
};

/** The line ending most lines of the text have; LF for a text of one line. */
export const lineEnding = (text: string): "\n" | "\r\n" => {
  const all = text.split("\n").length - 1;
  return (text.split("\r\n").length - 1) * 2 > all ? "\r\n" : "\n";
};

/** The same text with every line ending changed to `ending`. */
export const withLineEnding = (text: string, ending: "\n" | "\r\n"): string =>
  text.replace(/\r\n|\n/g, ending);

/** Bytes in the form in which they are sent: UTF-8 text unchanged, anything else in base64. */
export const toFileContent = (bytes: Buffer): FileContent =>
  isUtf8(bytes)
    ? { encoding: "utf8", data: bytes.toString("utf8") }
    : { encoding: "base64", data: bytes.toString("base64") };

/** The bytes of a {@link FileContent}, exactly. */
export const fromFileContent = ({ encoding, data }: FileContent): Buffer => Buffer.from(data, encoding);
