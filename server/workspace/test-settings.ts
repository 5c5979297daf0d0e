import { testsInSource } from "./tests-in-source.ts";

/**
 * Some files hold settings of tests next to things that a Coder may change. Their path says `source`;
 * this says which part of them is test configuration or a test.
 */
const packageKeys = ["jest", "mocha", "vitest", "ava", "tap", "c8", "nyc"];
const testScript = /^(pre|post)?test(:.*)?$/;

/** Headers of the sections in which `pyproject.toml` and `setup.cfg` configure tests. */
const testSection = /^\[(tool[.:]pytest|tool\.coverage|tool\.tox|coverage:|tox:)/;

/**
 * The part of a file's text that decides which tests run and how, in a form that can be compared; `null` if
 * there is none. A `package.json` that cannot be read counts as a whole.
 */
export const testSettings = (path: string, text: string): string | null => {
  const name = path.slice(path.lastIndexOf("/") + 1);
  if (name === "package.json") return packageSettings(text);
  if (name === "pyproject.toml" || name === "setup.cfg") return sectionSettings(text);
  return testsInSource(path, text);
};

const packageSettings = (text: string): string | null => {
  let manifest: unknown;
  try {
    manifest = JSON.parse(text);
  } catch {
    return text;
  }
  if (!isRecord(manifest)) return text;
  const own = packageKeys.filter((key) => key in manifest).map((key) => [key, manifest[key]]);
  const { scripts } = manifest;
  const tests = isRecord(scripts) ? Object.entries(scripts).filter(([key]) => testScript.test(key)) : [];
  return own.length + tests.length === 0 ? null : JSON.stringify([own, tests.sort()]);
};

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const sectionSettings = (text: string): string | null => {
  let isWanted = false;
  const kept: string[] = [];
  for (const line of text.split(/\r?\n/).map((each) => each.trim())) {
    if (line.startsWith("[")) isWanted = testSection.test(line);
    if (isWanted && line !== "" && !line.startsWith("#")) kept.push(line);
  }
  return kept.length === 0 ? null : kept.join("\n");
};
