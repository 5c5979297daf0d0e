/** Most backslashes in front of a character, which is JSON in JSON in JSON. A limit keeps the search linear. */
const ESCAPE = String.raw`\\{0,8}`;
const ESCAPED = String.raw`\\{1,8}`;

/** Characters that JSON, URLs and forms leave as they are. */
const isPlain = (character: string): boolean => /^[\w.~-]$/.test(character);

const literal = (character: string): string => character.replace(/[$()*+.?[\\\]^{|}/-]/, String.raw`\$&`);

const letters: Readonly<Record<string, string>> = { "\n": "n", "\r": "r", "\t": "t", "\b": "b", "\f": "f" };

/** A pattern for digits of either case. */
const digits = (hex: string): string =>
  Array.from(hex)
    .map((digit) => (/\d/.test(digit) ? digit : `[${digit.toLowerCase()}${digit.toUpperCase()}]`))
    .join("");

/** How JSON (`\n`, `\"`, `\u003c`), URLs (`%0A`) and forms (`+`) may write a character. */
const waysToWrite = (character: string): string => {
  if (isPlain(character)) return literal(character);
  const units = Array.from({ length: character.length }, (_, index) => character.charCodeAt(index));
  const unicode = units.map((unit) => `${ESCAPED}u${digits(unit.toString(16).padStart(4, "0"))}`).join("");
  const bytes = [...Buffer.from(character)].map((byte) => `%${digits(byte.toString(16).padStart(2, "0"))}`);
  const letter = letters[character];
  const itself = literal(character);
  const ways = [
    letter === undefined ? `${ESCAPE}${itself}` : `${itself}|${ESCAPED}${letter}`,
    ...[unicode, bytes.join("")],
    ...(character === " " ? [String.raw`\+`] : []),
  ];
  return `(?:${ways.join("|")})`;
};

/** Backslashes in a row, which one pattern finds together: with a pattern for each, a search would try all partitions. */
const waysToWriteBackslashes = (count: number): string => {
  const [one, code] = [String.raw`\\`, `${ESCAPED}u005[cC]`];
  return `(?:${one}{${count},${9 * count}}|(?:${code}){${count}}|(?:%5[cC]){${count}})`;
};

/** The base64 of a secret wherever it begins in the encoded bytes, without the characters that its neighbours change. */
const base64Of = (secret: string): string[] => {
  const bytes = Buffer.from(secret);
  return [0, 1, 2].flatMap((before) => {
    const all = Buffer.concat([Buffer.alloc(before), bytes]).toString("base64");
    const own = all.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6));
    const forUrls = own.replaceAll("+", "-").replaceAll("/", "_");
    return forUrls === own ? [own] : [own, forUrls];
  });
};

/** The texts and the patterns that give a secret away: itself, escaped for JSON and URLs, and in base64. */
export const formsOf = (secret: string): (string | RegExp)[] => {
  const lines = secret.replaceAll("\r\n", "\n");
  if (Array.from(lines).every(isPlain)) return [secret, ...base64Of(secret)];
  const lineEnd = `(?:${waysToWrite("\r")})?${waysToWrite("\n")}`;
  const parts = lines.match(/\\+|[^\\]/gu) ?? [];
  const pattern = parts
    .map((each) => {
      if (each.startsWith("\\")) return waysToWriteBackslashes(each.length);
      return each === "\n" ? lineEnd : waysToWrite(each);
    })
    .join("");
  const encoded = new Set([lines, lines.replaceAll("\n", "\r\n")].flatMap(base64Of));
  return [new RegExp(pattern, "g"), ...encoded];
};
