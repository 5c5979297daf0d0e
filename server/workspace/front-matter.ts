import { plainLine } from "../../schemas/plain-text.ts";

const MOST_CHARACTERS = 8192;
const block = new RegExp(
  `^\\uFEFF?---\\r?\\n([\\s\\S]{0,${MOST_CHARACTERS}}?)\\r?\\n---[ \\t]*(?:\\r?\\n|$)`,
);

/** The front matter of a Markdown file, in the part of YAML that skills and agents use. */
export interface FrontMatter {
  /** Names of all fields. */
  names: string[];
  /** A field on one line; null if it is missing or empty. */
  field(name: string): string | null;
  /** A field that is a list in any of YAML's forms, or words separated by commas; null if it is missing. */
  list(name: string): string[] | null;
  /** The text after the front matter. */
  body: string;
}

/** A value without its quotation marks, and with the quotation marks and backslashes that are escaped in them. */
const unquoted = (text: string): string => {
  const [, mark, inner = ""] = /^(["'])(.*)\1$/s.exec(text) ?? [];
  if (mark === undefined) return text;
  return mark === "'" ? inner.replaceAll("''", "'") : inner.replace(/\\(["\\/])/g, "$1");
};

/** Removes a YAML comment from a line. In quotation marks, `#` does not begin a comment. */
const uncommented = (line: string): string => {
  const [quoted] = /^(?:"(?:[^"\\]|\\.)*"|'(?:[^']|'')*')(?=[ \t]*(?:#|$))/.exec(line.trimStart()) ?? [];
  return quoted ?? line.replace(/(?:^|[ \t])#.*$/, "");
};

/** The front matter of a file; null if it has none. */
export const readFrontMatter = (text: string): FrontMatter | null => {
  const found = block.exec(text);
  if (found === null) return null;
  const [whole, content = ""] = found;
  // A blank line between two paragraphs of a field does not end the field.
  const lines = content.replaceAll("\r", "").replace(/\n[ \t]*(?=\n)/g, "");
  /** The field's line, and the indented ones that continue it. */
  const partsOf = (name: string): [first: string, further: string] | null => {
    const [, first, further = ""] =
      new RegExp(`^${name}:[ \\t]*(.*)((?:\\n(?:[ \\t]+|-[ \\t]).*)*)`, "m").exec(lines) ?? [];
    return first === undefined ? null : [first, further];
  };
  return {
    names: [...lines.matchAll(/^([\w-]+):/gm)].map(([, name = ""]) => name),
    field: (name) => {
      const [first = "", further = ""] = partsOf(name) ?? [];
      const isBlock = /^[>|][\d+-]{0,2}[ \t]*(?:#.*)?$/.test(first);
      const lines = isBlock ? [further] : [first, ...further.split("\n")].map(uncommented);
      const joined = lines.join(" ").replace(/\s+/g, " ").trim();
      return unquoted(joined) === "" ? null : plainLine(unquoted(joined));
    },
    list: (name) => {
      const parts = partsOf(name);
      if (parts === null) return null;
      const [first, further] = parts;
      const [head = "", ...rest] = [first, ...further.split("\n")].map(uncommented);
      const items =
        head.trim() === ""
          ? rest.map((line) => uncommented(line.replace(/^\s*-/, "")))
          : [head, ...rest]
              .join(" ")
              .trim()
              .replace(/^\[|\]$/g, "")
              .split(",");
      return items.map((item) => plainLine(unquoted(item.trim()))).filter((item) => item !== "");
    },
    body: text.slice(whole.length).trim(),
  };
};
