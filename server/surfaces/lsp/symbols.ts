/** A function or a test that gets a code lens. `line` counts from 0. */
export interface Symbol {
  kind: "function" | "test";
  name: string;
  line: number;
}

interface Rule {
  kind: Symbol["kind"];
  /** Matches a line. The group `name` contains the name of the symbol. */
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

/** By the language's ID in the protocol. Other languages get no code lenses. */
const rules: Readonly<Record<string, readonly Rule[]>> = {
  typescript: script,
  typescriptreact: script,
  javascript: script,
  javascriptreact: script,
  python,
};

/**
 * No declaration is longer. Lines of bundled code are longer, and the patterns read a line more than once.
 */
const LONGEST_LINE = 500;

/**
 * Finds top-level functions and tests. It reads line by line, because a lens must appear immediately in any
 * file, including one that does not parse while the user types.
 */
export const findSymbols = (languageId: string, text: string): Symbol[] =>
  text.split(/\r?\n/).flatMap((content, line): Symbol[] => {
    for (const { kind, pattern } of rules[languageId] ?? []) {
      const name = pattern.exec(content.slice(0, LONGEST_LINE))?.groups?.name;
      if (name !== undefined) return [{ kind, name, line }];
    }
    return [];
  });
