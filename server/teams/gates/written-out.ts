import { posix } from "node:path";
import { hiddenIn, unescaped } from "./encoded.ts";
import { formsOf } from "./forms.ts";
import { hunksOf, type ChangedSource } from "./hunks.ts";
import { choicesOf, tablesOf } from "./tables.ts";

const literal =
  /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`|(?<![\w.])\d[\d_]*(?:\.\d+)?|\b(?:true|false|null|True|False|None)\b/g;
/** A key without quotation marks, such as `{ word: 1 }`, and the name of a class. */
const key = /(?<![\w$?])([A-Za-z_$][\w$]*)\s*:/g;
const className = /\bclass\s+(\w+)/g;
const keysOf = (text: string): string[] => [...text.matchAll(key)].map(([, name = ""]) => name);
/** A pattern that matches only one text, such as `/^word$/`. */
const exactPattern = /\/\^?([\w -]+)\$?\//g;
/**
 * The lines of comments. A private field or a generator of a class begins with the same letters, and code can follow
 * the end of a comment.
 */
export const comment =
  /^[^\S\n]*(?:\/\/|#(?![\w$]+(?:\s*[=({;]|[?!]?:[^=\n]*=))|(?:\/\*|\*(?![\w$]+\s*\([^)\n]*\)\s*\{))(?!.*?\*\/[^\S\n]*\S)(?!\/[^\S\n]*\S)).*$/gm;

const valueOf = (text: string): string =>
  /^["'`]/.test(text) ? unescaped(text.slice(1, -1)) : text.toLowerCase().replace(/_/g, "");

/** The literal values in a text, in order. */
export const literalsOf = (text: string): string[] =>
  [...text.matchAll(literal)].map(([found]) => valueOf(found));

/** The place where two literals are concatenated. */
const seam = /(["'`])\s*\+\s*\1/g;

export const letters = (text: string): string =>
  text
    .replace(/\\[tnr]/g, " ")
    .normalize("NFD")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, "");

/** The values that a change wrote into its sources. */
export interface WrittenOut {
  values: ReadonlySet<string>;
  /** The values of each list, in order. */
  lists: readonly string[][];
  /** The letters of all values, in order. */
  spelled: string;
  /** The letters of each value and name that has several letters. */
  pieces: ReadonlySet<string>;
  /** The values of its tables. */
  entries: ReadonlySet<string>;
  /** The values of each table or choice that the change adds to: those that it had before, and those added. */
  extended: readonly { before: string[]; added: string[] }[];
  /** The letters that the values of each list form together, and those whose codes a list contains. */
  joined: ReadonlySet<string>;
  /** The values of each line that asks whether something equals a value, and those of this line and the next one. */
  equalled: readonly Question[];
  /** The same for each line that asks whether something contains a value, or begins or ends with it. */
  contained: readonly Question[];
}

interface Question {
  asked: ReadonlySet<string>;
  near: ReadonlySet<string>;
}

/** Whether a line asks if something equals a value that is written out, in JavaScript or Python. */
const equality = /(?<![=!<>])={2,3}(?!=)|\bObject\.is\(|\bisEqual\(/;

/** Whether a line asks if something has a part that is written out. */
const containment = /\.(?:startsWith|endsWith|includes|startswith|endswith)\(\s*["'`]|["']\s+in\s/;

const questionsIn = (written: string, asks: RegExp): Question[] => {
  const lines = written.split("\n");
  return lines.flatMap((line, at) => {
    if (!asks.test(line)) return [];
    const asked = literalsOf(line);
    return [{ asked: new Set(asked), near: new Set([...asked, ...literalsOf(lines[at + 1] ?? "")]) }];
  });
};

const isCodePoint = (value: string): boolean =>
  /^\d+$/.test(value) && Number(value) >= 32 && Number(value) <= 0x10ffff;

/** The text that a list spells: its concatenated values, or the characters whose codes it contains. */
const spelledBy = (list: readonly string[]): string =>
  list.length > 1 && list.every(isCodePoint)
    ? list.map((value) => String.fromCodePoint(Number(value))).join("")
    : list.join("");

const code = /\.([cm]?[jt]sx?|vue|svelte|py|json)$/;
const between = /[=:;,|\t\n]/;

/** The fields in the lines of a text without quotation marks. */
const fieldsOf = (text: string): string[] =>
  text
    .split(between)
    .flatMap((field) => [field, field.trim()])
    .filter((field) => field !== "");

const readsFiles = /\b(readFile(Sync)?|createReadStream|open|read_text|read_bytes|getsource(lines)?)\s*\(/;
const ownText = /\b__doc__\b|\bget(?:doc|comments|source(?:lines)?)\s*\(/;

/** Whether a source reads its own text, in which comments can be data. */
export const readsItself = (path: string, text: string): boolean =>
  ownText.test(text) ||
  (readsFiles.test(text) &&
    (/__file(name)?__\b|\b__filename\b|\bimport\.meta\./.test(text) || text.includes(posix.basename(path))));

/** The text in the comments and docstrings of a source, if the source reads its own text. */
const inOwnComments = (path: string, written: string): string[] => {
  if (!readsItself(path, written)) return [];
  const comments = [...written.matchAll(comment)].map(([line]) =>
    line.replace(/^\s*(\/\/|#|\*|\/\*)\s?/, ""),
  );
  const docstrings = [...written.matchAll(/"""([^]*?)"""|'''([^]*?)'''/g)].map(
    ([, one, other]) => one ?? other ?? "",
  );
  return [...comments, ...docstrings].flatMap(fieldsOf);
};

/** The tables and choices of a source to which the change adds. */
const extendedBy = (source: ChangedSource): WrittenOut["extended"] => {
  if (source.before === null || source.after === null || !code.test(source.path)) return [];
  const added = new Set(hunksOf(source).flatMap(({ line, added: lines }) => lines.map((_, at) => line + at)));
  const lines = source.after.split("\n");
  return choicesOf(source.after)
    .map(({ from, to }) => {
      const block = lines.slice(from - 1, to).map((text, at) => ({ text, isNew: added.has(from + at) }));
      const valuesOf = (wanted: boolean): string[] =>
        block
          .filter(({ isNew }) => isNew === wanted)
          .flatMap(({ text }) => [...literalsOf(text), ...keysOf(text)]);
      return { before: valuesOf(false), added: valuesOf(true) };
    })
    .filter((block) => block.added.length > 0);
};

/** The values in the lines that a change added to its sources, in any form. */
export const writtenOutIn = (sources: readonly ChangedSource[]): WrittenOut => {
  const texts = sources.map((source) => ({
    path: source.path,
    text: hunksOf(source)
      .flatMap(({ added }) => added)
      .join("\n"),
  }));
  const program = texts.filter(({ path }) => code.test(path));
  const plain = texts.filter(({ path }) => !code.test(path)).flatMap(({ text }) => fieldsOf(text));
  const own = program.flatMap(({ path, text }) => inOwnComments(path, text));
  const visible = program
    .map(({ text }) => text)
    .join("\n")
    .replace(comment, "")
    .replace(seam, "");
  const written = [visible, ...hiddenIn(literalsOf(visible), literalsOf)].join("\n");
  const keys = [
    ...written.matchAll(key),
    ...written.matchAll(className),
    ...written.matchAll(exactPattern),
  ].map(([, name = ""]) => name);
  const values = [...literalsOf(written), ...keys, ...plain, ...own];
  const lists = [...written.matchAll(/\[([^[\]]*)\]/g)].map(([, inside = ""]) => literalsOf(inside));
  const calls = [...written.matchAll(/\(([\d\s,]+)\)/g)].map(([, inside = ""]) => literalsOf(inside));
  return {
    values: new Set(values),
    lists,
    joined: new Set([...lists, ...calls].map((list) => letters(spelledBy(list)))),
    spelled: letters(literalsOf(written).join("")),
    pieces: new Set(values.map(letters).filter((each) => each.length > 1)),
    entries: new Set(tablesOf(written).flatMap(({ values: inTable }) => inTable)),
    extended: sources.flatMap(extendedBy),
    equalled: questionsIn(visible, equality),
    contained: questionsIn(visible, containment),
  };
};

/** A value must have at least this many letters to be compared with a list of codes or pieces. */
export const SHORT = 3;

/** Whether the change contains the value literally, in a disguise, or spelled by a list. */
export const isWrittenOut = (value: string, { values, joined }: WrittenOut): boolean =>
  values.has(value) ||
  formsOf(value).some((form) => values.has(form)) ||
  (letters(value).length >= SHORT && joined.has(letters(value)));

/** A longer answer is not searched for in pieces. */
const MOST_SPELLED = 500;

/** Whether the text is a sequence of these pieces. */
const isMadeOf = (text: string, pieces: ReadonlySet<string>): boolean => {
  if (text.length > MOST_SPELLED) return false;
  const ends = new Set([0]);
  for (let at = 1; at <= text.length; at += 1)
    if ([...ends].some((end) => pieces.has(text.slice(end, at)))) ends.add(at);
  return ends.has(text.length);
};

/** Whether values or names of the change contain these letters, in one or several pieces. */
export const isSpelledOut = (text: string, { spelled, pieces }: WrittenOut): boolean =>
  spelled.includes(text) || isMadeOf(text, pieces);
