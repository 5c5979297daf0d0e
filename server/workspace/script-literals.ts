/** A string or a regular expression that a configuration file writes out. */
export interface Literal {
  kind: "text" | "expression";
  value: string;
}

const token =
  /\/\/[^\n]*|\/\*[^]*?\*\/|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`|[A-Za-z_$][\w$]*|[{}[\](),:]|\/(?![*/])(?:[^/\\\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*|[^\s]/g;

const unquoted = (text: string): string => text.slice(1, -1).replace(/\\(.)/g, "$1");

/**
 * The literals that a configuration in JavaScript, TypeScript or JSON gives a property, found by the
 * names of the properties around it: `["test", "include"]` finds `include` in each object `test`.
 * Nothing is run, so what is computed is not found.
 */
export const literalsAt = (text: string, names: readonly string[]): Literal[] => {
  const found: Literal[] = [];
  /** The property whose value contains the open bracket; null if there is none. */
  const open: (string | null)[] = [];
  let property: string | null = null;
  let word: string | null = null;
  const isWanted = (): boolean => {
    const path = [...open, property].filter((name) => name !== null);
    return names.every((name, index) => path[path.length - names.length + index] === name);
  };
  for (const [part] of text.matchAll(token)) {
    if (/^\/[/*]/.test(part)) continue;
    const isQuoted = /^["'`]/.test(part);
    if (part === ":" && word !== null) property = word;
    else if (part === "{" || part === "[" || part === "(") {
      open.push(property);
      property = null;
    } else if (part === "}" || part === "]" || part === ")") property = open.pop() ?? null;
    else if (part === ",") property = null;
    else if ((isQuoted || /^\/./.test(part)) && isWanted()) {
      if (!isQuoted) found.push({ kind: "expression", value: part.slice(1, part.lastIndexOf("/")) });
      else if (!part.includes("${")) found.push({ kind: "text", value: unquoted(part) });
    }
    word = isQuoted ? unquoted(part) : /^[\w$]/.test(part) ? part : null;
  }
  return found;
};
