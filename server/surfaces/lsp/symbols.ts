/** A function or a test that gets a lens; `line` counts from 0. */
export interface Symbol {
  kind: "function" | "test";
  name: string;
  line: number;
}

interface Rule {
  kind: Symbol["kind"];
  /** Matches a line; the group `name` is the symbol's. */
  pattern: RegExp;
}

const script: readonly Rule[] = [
  { kind: "test", pattern: /^\s*(?:it|test)(?:\.(?:only|each\(.*\)))?\(\s*(["'`])(?<name>.+?)\1/ },
  {
    kind: "function",
    pattern: /^(?:export\s+)?(?:default\s+)?(?:async\s+)?function\s*\*?\s*(?<name>[\w$]+)/,
  },
  {
    kind: "function",
    pattern:
      /^(?:export\s+)?const\s+(?<name>[\w$]+)\s*(?::[^=]+)?=\s*(?:async\s*)?(?:<[^>]*>\s*)?(?:\([^)]*\)?\s*(?::[^=]+)?(?:=>|$)|[\w$]+\s*=>|function\b)/,
  },
  { kind: "function", pattern: /^(?:export\s+)?(?:default\s+)?(?:abstract\s+)?class\s+(?<name>[\w$]+)/ },
];

const python: readonly Rule[] = [
  { kind: "test", pattern: /^\s*(?:async\s+)?def\s+(?<name>test_\w+)/ },
  { kind: "function", pattern: /^(?:async\s+)?def\s+(?<name>\w+)/ },
  { kind: "function", pattern: /^class\s+(?<name>\w+)/ },
];

/** By the language's id in the protocol. What is not here gets no lenses. */
const rules: Readonly<Record<string, readonly Rule[]>> = {
  typescript: script,
  typescriptreact: script,
  javascript: script,
  javascriptreact: script,
  python,
};

/** No declaration is longer; lines of bundled code are, and the patterns look at a line more than once. */
const LONGEST_LINE = 500;

/**
 * Functions at the top level, and tests. Read line by line: a lens must appear at once in any file,
 * also in one that does not parse while it is being typed.
 */
export const findSymbols = (languageId: string, text: string): Symbol[] =>
  text.split(/\r?\n/).flatMap((content, line): Symbol[] => {
    for (const { kind, pattern } of rules[languageId] ?? []) {
      const name = pattern.exec(content.slice(0, LONGEST_LINE))?.groups?.name;
      if (name !== undefined) return [{ kind, name, line }];
    }
    return [];
  });
