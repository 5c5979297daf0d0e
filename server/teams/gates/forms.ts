import { createHash } from "node:crypto";

const algorithms = ["md5", "sha1", "sha256", "sha512"] as const;

/** Letters of a hash that are enough to tell two questions apart. */
const PREFIX = 8;
/** A smaller sum of letters may be any number in the code. */
const LEAST_SUM = 200;

/** The text with each letter shifted by this many places in the alphabet. */
const shifted = (text: string, places: number): string =>
  text.replace(/[a-z]/gi, (letter) => {
    const first = letter < "a" ? 65 : 97;
    return String.fromCharCode(((letter.charCodeAt(0) - first + places) % 26) + first);
  });

/**
 * The disguises of a text or number: its hashes and their beginnings, its encodings, the text reversed or with
 * shifted letters, and the sum of its letters.
 */
export const formsOf = (value: string): string[] => {
  if (value === "") return [];
  const hashes = algorithms.flatMap((algorithm) => {
    const digest = createHash(algorithm).update(value).digest();
    const hex = digest.toString("hex");
    return [hex, hex.slice(0, PREFIX), digest.toString("base64"), digest.toString("base64url")];
  });
  if (value.length < 3) return hashes;
  const bytes = Buffer.from(value);
  const characters = Array.from(value);
  const inAddress = bytes.toString("hex").replace(/../g, "%$&");
  const sum = characters.reduce((total, letter) => total + (letter.codePointAt(0) ?? 0), 0);
  return [
    ...hashes,
    bytes.toString("base64"),
    bytes.toString("hex"),
    encodeURIComponent(value.toWellFormed()),
    inAddress,
    inAddress.toUpperCase(),
    characters.toReversed().join(""),
    ...Array.from({ length: 25 }, (_, index) => shifted(value, index + 1)),
    ...(sum >= LEAST_SUM ? [String(sum)] : []),
  ].filter((form) => form !== value);
};
