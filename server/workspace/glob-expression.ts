/** Longer patterns, and patterns with more wildcards, are not for test files and are slow to match. */
const LONGEST_GLOB = 300;
const MOST_WILDCARDS = 12;

const special = /[\\^$.+()|{}[\]]/;

/**
 * A glob of a test runner as the source of a regular expression over paths; `null` when it is none
 * that can be matched quickly. Knows `*`, `**`, `?`, `[ab]`, `{a,b}` and the groups `?(…)`, `+(…)`,
 * `*(…)`, `@(…)`. A repeated group matches once or twice, so that no path takes long to match.
 */
export const globExpression = (glob: string): string | null => {
  if (glob.length > LONGEST_GLOB || glob.split("*").length - 1 > MOST_WILDCARDS) return null;
  let source = "";
  const closers: string[] = [];
  for (let index = 0; index < glob.length; index += 1) {
    const rest = glob.slice(index);
    const group = /^([?+*@])\(/.exec(rest)?.[1];
    const anyDepth = /^\*\*+\//.exec(rest)?.[0];
    const letters = /^\[(!?)([^\]/]+)\]/.exec(rest);
    const letter = glob[index] ?? "";
    if (group !== undefined) {
      source += "(?:";
      closers.push({ "?": ")?", "+": ")", "*": ")?", "@": ")" }[group] ?? ")");
      index += 1;
    } else if (anyDepth !== undefined) {
      source += "(?:.*/)?";
      index += anyDepth.length - 1;
    } else if (rest.startsWith("**")) {
      source += ".*";
      index += 1;
    } else if (letters !== null) {
      const [whole, negation = "", set = ""] = letters;
      source += `[${negation === "" ? "" : "^"}${set.replace(/[\\\]^]/g, "\\$&")}]`;
      index += whole.length - 1;
    } else if (letter === "*") source += "[^/]*";
    else if (letter === "?") source += "[^/]";
    else if (letter === "{") {
      source += "(?:";
      closers.push(")");
    } else if ((letter === "}" || letter === ")") && closers.length > 0) source += closers.pop() ?? "";
    else if ((letter === "," || letter === "|") && closers.length > 0) source += "|";
    else source += special.test(letter) ? `\\${letter}` : letter;
  }
  return closers.length > 0 ? null : source;
};
