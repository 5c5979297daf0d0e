import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { inflateRawSync } from "node:zlib";

const END_BYTES = 22;
const LONGEST_COMMENT = 65_535;
const ENTRY_BYTES = 46;
const HEADER_BYTES = 30;
const MOST_BYTES = 16 * 1024 * 1024;
const DEFLATED = 8;

/**
 * One file of a zip archive, such as the package.json of a package in yarn's cache; null if the archive
 * cannot be read or does not have the file. Format: APPNOTE.TXT of PKWARE, without its 64-bit fields.
 */
export const readZipEntry = (archive: string, name: string): Buffer | null => {
  let file: number | null = null;
  try {
    file = openSync(archive, "r");
    return entryOf(file, name);
  } catch {
    return null;
  } finally {
    if (file !== null) closeSync(file);
  }
};

const entryOf = (file: number, name: string): Buffer | null => {
  const { size } = fstatSync(file);
  const tail = readAt(file, Math.max(0, size - END_BYTES - LONGEST_COMMENT), END_BYTES + LONGEST_COMMENT);
  const end = tail.lastIndexOf("PK\u0005\u0006", undefined, "latin1");
  if (end < 0) return null;
  const directory = readAt(file, tail.readUInt32LE(end + 16), tail.readUInt32LE(end + 12));
  for (let at = 0; at + ENTRY_BYTES <= directory.length;) {
    const [nameBytes, extraBytes, commentBytes] = [28, 30, 32].map((field) =>
      directory.readUInt16LE(at + field),
    );
    const begin = at + ENTRY_BYTES;
    const next = begin + (nameBytes ?? 0);
    if (directory.toString("utf8", begin, next) === name) return contentOf(file, directory.subarray(at));
    at = next + (extraBytes ?? 0) + (commentBytes ?? 0);
  }
  return null;
};

const contentOf = (file: number, entry: Buffer): Buffer => {
  const place = entry.readUInt32LE(42);
  const header = readAt(file, place, HEADER_BYTES);
  const begin = place + HEADER_BYTES + header.readUInt16LE(26) + header.readUInt16LE(28);
  const bytes = readAt(file, begin, entry.readUInt32LE(20));
  return entry.readUInt16LE(10) === DEFLATED ? inflateRawSync(bytes, { maxOutputLength: MOST_BYTES }) : bytes;
};

const readAt = (file: number, position: number, length: number): Buffer => {
  const bytes = Buffer.alloc(Math.min(length, MOST_BYTES));
  return bytes.subarray(0, readSync(file, bytes, 0, bytes.length, position));
};
