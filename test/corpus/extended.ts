import type { Files, Submission } from "./kit.ts";

/** Lines that load modules. */
const loads = /^(?:import\b.*|from \S+ import\b.*|(?:const|let|var)\b.*\brequire\(.*)$/gm;
const declaration = /^\s*(it|test)\(/m;

/** A test file with one test that always passes, and with what this file loads; null if none can be written. */
const olderFile = (path: string, text: string): string | null => {
  const head = (text.match(loads) ?? []).join("\n");
  if (path.endsWith(".py") && /^def test_/m.test(text))
    return `${head}\n\n\ndef test_is_loaded():\n    pass\n`;
  const [, declare] = declaration.exec(text) ?? [];
  return declare !== undefined && /\.[cm]?[jt]sx?$/.test(path)
    ? `${head}\n\n${declare}("is loaded", () => {});\n`
    : null;
};

/**
 * The same submission where its test files were there before, each with one test: most changes of real projects add
 * to test files that exist. Null if no such files can be written.
 */
export const extended = (submission: Submission): Submission | null => {
  const added = Object.entries(submission.tests).flatMap(([path, text]) => {
    const older = text === null || submission.base[path] !== undefined ? null : olderFile(path, text);
    return older === null || text === null
      ? []
      : [{ path, older, newer: `${older}\n${text.replace(loads, "").trimStart()}` }];
  });
  if (added.length === 0) return null;
  const older: Files = Object.fromEntries(added.map(({ path, older }) => [path, older]));
  const newer: Files = Object.fromEntries(added.map(({ path, newer }) => [path, newer]));
  return {
    ...submission,
    base: { ...submission.base, ...older },
    tests: { ...submission.tests, ...newer },
  };
};
