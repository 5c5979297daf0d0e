import type { Json } from "../../schemas/primitives.ts";
import type { Reader } from "./template-reader.ts";
import type { WrittenCall } from "./written-call.ts";

/** Maximum nesting of a value; deeper values would exhaust the stack. */
const MOST_DEPTH = 50;

const words: ReadonlyMap<string, Json> = new Map<string, Json>([
  ["True", true],
  ["False", false],
  ["None", null],
  ["true", true],
  ["false", false],
]);

const escapes: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", "\n": "" };

/** The text in a Python string; unknown escapes stay unchanged. */
const unescaped = (inside: string): string =>
  inside.replace(
    /\\(?:x([\da-f]{2})|u([\da-f]{4})|([^]))/gi,
    (whole: string, short: string | undefined, long: string | undefined, character: string | undefined) => {
      const code = short ?? long;
      if (code !== undefined) return String.fromCharCode(Number.parseInt(code, 16));
      if (character === undefined) return whole;
      return escapes[character] ?? (/["'\\]/.test(character) ? character : whole);
    },
  );

const strings = [
  /"""((?:[^\\]|\\[^])*?)"""/y,
  /'''((?:[^\\]|\\[^])*?)'''/y,
  /"((?:[^"\\\n]|\\[^])*)"/y,
  /'((?:[^'\\\n]|\\[^])*)'/y,
];

/** The value that was read, or null if there is none. */
type Found<Value> = { value: Value } | null;

const readString = (reader: Reader): Found<string> => {
  for (const pattern of strings) {
    const inside = reader.take(pattern)?.[1];
    if (inside !== undefined) return { value: unescaped(inside) };
  }
  return null;
};

/** Entries with commas between them and perhaps behind the last, up to `end`. */
const readEntries = <Value>(reader: Reader, end: RegExp, read: () => Found<Value>): Value[] | null => {
  const values: Value[] = [];
  for (;;) {
    reader.take(/\s+/y);
    if (reader.take(end) !== null) return values;
    const found = read();
    if (found === null) return null;
    values.push(found.value);
    if (reader.take(/\s*,/y) !== null) continue;
    reader.take(/\s+/y);
    return reader.take(end) === null ? null : values;
  }
};

const readPair = (reader: Reader, depth: number): Found<[string, Json]> => {
  const name = readString(reader);
  if (name === null || reader.take(/\s*:\s*/y) === null) return null;
  const found = readValue(reader, depth);
  return found === null ? null : { value: [name.value, found.value] };
};

/** A literal of Python. */
const readValue = (reader: Reader, depth = 0): Found<Json> => {
  if (depth > MOST_DEPTH) return null;
  if (reader.take(/[[(]/y) !== null) {
    const value = readEntries(reader, /[\])]/y, () => readValue(reader, depth + 1));
    return value === null ? null : { value };
  }
  if (reader.take(/\{/y) !== null) {
    const pairs = readEntries(reader, /\}/y, () => readPair(reader, depth + 1));
    return pairs === null ? null : { value: Object.fromEntries(pairs) };
  }
  const number = reader.take(/-?\d{1,20}(?:\.\d{1,20})?(?:e[+-]?\d{1,3})?/iy)?.[0];
  if (number !== undefined) return { value: Number(number) };
  const word = reader.take(/\w{1,10}/y)?.[0];
  if (word !== undefined) {
    const value = words.get(word);
    return value === undefined ? null : { value };
  }
  return readString(reader);
};

const readCall = (reader: Reader): Found<WrittenCall> => {
  const tool = reader.take(/([A-Za-z_][\w.-]{0,63})\(/y)?.[1];
  if (tool === undefined) return null;
  const given = readEntries(reader, /\)/y, (): Found<[string, Json]> => {
    const name = reader.take(/([A-Za-z_]\w{0,63})\s*=\s*/y)?.[1];
    const found = name === undefined ? null : readValue(reader);
    return name === undefined || found === null ? null : { value: [name, found.value] };
  });
  return given === null ? null : { value: { tool, arguments: Object.fromEntries(given) } };
};

/** Llama 3.2 and 4: a list of calls as in Python, `[name(argument="value")]`. */
export const pythonic = (reader: Reader): WrittenCall[] | null => {
  reader.take(/<\|python_(?:start|tag)\|>\s*/y);
  if (reader.take(/\[/y) === null) return null;
  const calls = readEntries(reader, /\]/y, () => readCall(reader));
  return calls === null || calls.length === 0 ? null : calls;
};
