import type { LineRange } from "../../../schemas/tests.ts";
import { bracketed, codeOf, noCodeOf } from "./test-text.ts";

/** A function with a name in a source or test, as its text shows it. */
export interface WrittenFunction extends LineRange {
  name: string;
  /** The names of its parameters, without those that begin with `_`, `self` and `cls`. */
  parameters: string[];
  /** Whether the body is one expression, whose value is the result. */
  isExpression: boolean;
  body: string;
}

const word = /[A-Za-z_$][\w$]*/g;
const type = /\??:\s*[^,=]+/g;
const own = /^(?:_.*|self|cls)$/;

/** The names in a list of parameters, without their types. Names of default values are among them. */
const parametersIn = (list: string): string[] =>
  (
    list
      .replace(/^\(|\)$/g, "")
      .replace(type, "")
      .match(word) ?? []
  ).filter((name) => !own.test(name));

const lineAt = (text: string, index: number): number => text.slice(0, index).split("\n").length;

/** Words that are followed by brackets and a block, and are no names of functions. */
const typed = /\.[cm]?tsx?$/;
const statement = /^(?:if|for|while|switch|catch|with|return|function|await|constructor)$/;
/** How a function with a name begins, up to its parameters. */
const begins =
  /(?<![\w$.])(?:function\s*\*?\s*([\w$]+)\s*(?=\()|([\w$]+)\s*[=:]\s*(?:async\s+)?(?:function\s*\*?\s*[\w$]*\s*(?=\()|(?=\([^]*?\)[^;{}()]*=>)|(?=[\w$]+\s*=>))|^[^\S\n]*(?:(?:static|async|get|set|public|private|protected|override|\*)\s+)*(#?[\w$]+)\s*(?=\())/gm;

/** From the start of an expression to its end. */
const expressionAt = (code: string, from: number): number => {
  let depth = 0;
  for (let at = from; at < code.length; at += 1) {
    const letter = code[at] ?? "";
    if ("([{".includes(letter)) depth += 1;
    else if (")]}".includes(letter)) depth -= 1;
    if (depth < 0 || (depth === 0 && /[;,]/.test(letter))) return at;
    if (depth === 0 && letter === "\n" && /^\s*(?:\w[\w\s]*[=({]|\}|$)/.test(code.slice(at + 1))) return at;
  }
  return code.length;
};

/** The function whose parameters begin here; null if there is none. */
const functionAt = (text: string, code: string, name: string, start: number): WrittenFunction | null => {
  const list = code[start] === "(" ? bracketed(code, start) : (/^[\w$]+/.exec(code.slice(start))?.[0] ?? "");
  const rest = code.slice(start + list.length);
  const [head = "", arrow] = /^\s*(?::[^={;]*?)?\s*(?:(=>)|(?=\{))/.exec(rest) ?? [];
  const after = start + list.length + head.length;
  const from = after + (/^\s*/.exec(text.slice(after))?.[0].length ?? 0);
  if (arrow === undefined && code[from] !== "{") return null;
  const isExpression = code[from] !== "{";
  const end = isExpression ? expressionAt(code, from) : from + bracketed(code, from).length;
  return {
    name,
    parameters: parametersIn(list),
    isExpression,
    body: isExpression ? text.slice(from, end) : text.slice(from + 1, end - 1),
    from: lineAt(text, start),
    to: lineAt(text, end),
  };
};

const inScript = (path: string, text: string, code: string): WrittenFunction[] =>
  [...code.matchAll(begins)].flatMap(({ 0: head, 1: declared, 2: assigned, 3: method, index }) => {
    const name = declared ?? assigned ?? method ?? "";
    // In TypeScript, a colon mostly begins a type.
    if (statement.test(name) || (typed.test(path) && /^[\w$]+\s*:/.test(head))) return [];
    const found = functionAt(text, code, name, index + head.length);
    return found === null ? [] : [found];
  });

const inPython = (text: string, code: string): WrittenFunction[] =>
  [...code.matchAll(/^([^\S\n]*)(?:async\s+)?def\s+(\w+)\s*(?=\()/gm)].map(
    ({ 0: head, 1: indent = "", 2: name = "", index }) => {
      const open = index + head.length;
      const list = bracketed(code, open);
      const from = code.indexOf(":", open + list.length) + 1;
      const last = new RegExp(`\\n[^\\S\\n]{0,${indent.length}}(?=\\S)`).exec(code.slice(from));
      const end = last === null ? text.length : from + last.index;
      return {
        name,
        parameters: parametersIn(list),
        isExpression: false,
        body: text.slice(from, end),
        from: lineAt(text, index),
        to: lineAt(text, from + text.slice(from, end).trimEnd().length),
      };
    },
  );

/** The functions with names in a text in JavaScript, TypeScript or Python. */
export const functionsIn = (path: string, text: string): WrittenFunction[] => {
  const code = codeOf(text, noCodeOf(path));
  return path.endsWith(".py") ? inPython(text, code) : inScript(path, text, code);
};
