import { inflateSync, gunzipSync, inflateRawSync } from "node:zlib";

/** Fewest characters of a text that can hide another one. */
const LEAST = 8;
/** Most bytes that an encoded text is unpacked to. */
const MOST = 100_000;

const isText = (bytes: Buffer): boolean => {
  const text = bytes.toString();
  return text.length > 0 && !/[^\P{C}\t\r\n]|�/u.test(text);
};

/** Ways to unpack bytes, and how such bytes begin. Raw deflated bytes have no fixed beginning. */
const unpackers = [
  { unpack: gunzipSync, fits: (bytes: Buffer) => bytes[0] === 0x1f && bytes[1] === 0x8b },
  { unpack: inflateSync, fits: (bytes: Buffer) => ((bytes[0] ?? 0) & 0x0f) === 8 },
  { unpack: inflateRawSync, fits: () => true },
];

const unpacked = (bytes: Buffer): Buffer[] =>
  unpackers.flatMap(({ unpack, fits }) => {
    if (!fits(bytes)) return [];
    try {
      return [unpack(bytes, { maxOutputLength: MOST })];
    } catch {
      return [];
    }
  });

/** The remaining budget. Without it, texts within texts could keep the runtime busy for minutes. */
class Budget {
  #texts = 3000;
  #characters = 1_000_000;
  readonly #seen = new Set<string>();

  /** Whether the text should be examined: it is new, and within the budget. */
  takes(text: string): boolean {
    if (this.#texts <= 0 || this.#characters <= 0 || this.#seen.has(text)) return false;
    this.#seen.add(text);
    this.#texts -= 1;
    this.#characters -= text.length;
    return true;
  }
}

/** What a text encodes as base64 or hexadecimal digits, possibly after compression. */
const decodedFrom = (value: string, budget: Budget): string[] => {
  if (value.length < LEAST || !/^[\w+/=-]+$/.test(value) || !budget.takes(value)) return [];
  const bytes = [
    ...(/^[\w+/-]+={0,2}$/.test(value) ? [Buffer.from(value, "base64")] : []),
    ...(/^([0-9a-f]{2})+$/i.test(value) ? [Buffer.from(value, "hex")] : []),
  ];
  return bytes
    .flatMap((each) => [each, ...unpacked(each)])
    .filter(isText)
    .map(String);
};

/** How many levels of encoding are undone. */
const DEEPEST = 3;

/** The texts that these values hide, and those that they hide in turn. */
export const hiddenIn = (values: readonly string[], literalsOf: (text: string) => string[]): string[] => {
  const budget = new Budget();
  const hidden = (inside: readonly string[], depth: number): string[] => {
    if (depth === 0) return [];
    const found = inside.flatMap((value) => decodedFrom(value, budget));
    return [...found, ...found.flatMap((text) => hidden([text.trim(), ...literalsOf(text)], depth - 1))];
  };
  return hidden(values, DEEPEST);
};

const named: Readonly<Record<string, string>> = {
  n: "\n",
  t: "\t",
  r: "\r",
  b: "\b",
  f: "\f",
  v: "\v",
  "0": "\0",
};
const escape = /\\(?:u\{([0-9a-f]{1,6})\}|u([0-9a-f]{4})|U([0-9a-f]{8})|x([0-9a-f]{2})|N\{[^}]*\}|([^]))/gi;

/** The value of a literal after JavaScript or Python has resolved its escapes. */
export const unescaped = (text: string): string =>
  text.includes("\\")
    ? text.replaceAll(
        escape,
        (_, braced?: string, short?: string, long?: string, byte?: string, plain?: string) => {
          const code = Number.parseInt(braced ?? short ?? long ?? byte ?? "", 16);
          if (code <= 0x10ffff) return String.fromCodePoint(code);
          return plain === undefined ? "" : (named[plain] ?? plain);
        },
      )
    : text;
