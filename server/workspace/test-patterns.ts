import { posix } from "node:path";
import { literalsAt, type Literal } from "./script-literals.ts";
import { ofExpression, ofGlob, ofLiterals, ofPaths, type TestPattern } from "./test-pattern.ts";
import { runnerSteps } from "./test-script.ts";

/** What the configuration of one folder of a workspace says of its tests. */
export interface FolderTests {
  patterns: TestPattern[];
  /** The only folders in which pytest looks for tests; null: everywhere. */
  pytestOnly: string[] | null;
}

const jestPatterns = (folder: string, text: string, above: readonly string[] = []): TestPattern[] => [
  ...ofLiterals(folder, literalsAt(text, [...above, "testMatch"])),
  ...literalsAt(text, [...above, "testRegex"])
    .map(({ value }) => ofExpression(folder, value))
    .filter((pattern) => pattern !== null),
];

const texts = (literals: readonly Literal[]): string[] =>
  literals.filter(({ kind }) => kind === "text").map(({ value }) => value);

/** Values of a key in YAML: on its line, in brackets, or as the list below it. */
const yamlValues = (text: string, key: string): string[] => {
  const [, same = "", below = ""] =
    new RegExp(`^["']?${key}["']?:[ \\t]*([^\\n#]*)\\n?((?:[ \\t]*-[^\\n]*\\n?)*)`, "m").exec(text) ?? [];
  return [
    ...same.replace(/[[\]]/g, "").split(","),
    ...below.split("\n").map((line) => line.replace(/^\s*-/, "")),
  ]
    .map((value) => value.trim().replace(/^["']|["']$/g, ""))
    .filter((value) => value !== "");
};

/** Values of a key of pytest's configuration, as INI or TOML write them. */
const pytestValues = (text: string, key: string): string[] | null => {
  const pattern = new RegExp(`^${key}[ \\t]*=[ \\t]*(\\[[^\\]]*\\]|[^\\n]*(?:\\n[ \\t]+[^\\n=]+)*)`, "m");
  const value = pattern.exec(text)?.[1];
  if (value === undefined) return null;
  return value
    .replace(/#[^\n]*/g, "")
    .split(/[\s,[\]"']+/)
    .filter((word) => word !== "");
};

const pytestSection: Readonly<Record<string, RegExp>> = {
  "pytest.ini": /^\[pytest\]/m,
  ".pytest.ini": /^\[pytest\]/m,
  "tox.ini": /^\[pytest\]/m,
  "setup.cfg": /^\[tool:pytest\]/m,
  "pyproject.toml": /^\[tool\.pytest(\.ini_options)?\]/m,
};

const sectionOf = (text: string, header: RegExp): string | null => {
  const start = header.exec(text);
  if (start === null) return null;
  const body = text.slice(start.index + start[0].length);
  const end = body.search(/^\[(?!\s*["'])[\w.:-]+\]/m);
  return end < 0 ? body : body.slice(0, end);
};

const runners = /^(mocha|_mocha|ava|jasmine|tape?|uvu|vitest|jest|c8|nyc)(\.[cm]?js)?$/;
const placeOfRunner = (words: readonly string[]): number => {
  const place = words.findIndex((word) =>
    /(^|\/)(mocha|_mocha|ava|jasmine|tap|node|tsx)(\.[cm]?js)?$/.test(word),
  );
  const isNode = /(^|\/)(node|tsx)$/.test(words[place] ?? "");
  return isNode && !words.includes("--test") ? -1 : place;
};

/** Flags of these runners whose value is the next word. */
const valued =
  /^(-r|--require|--import|--loader|--reporter|-R|--ui|-u|--timeout|-t|--config|--file|--extension|--test-reporter.*|--test-name-pattern|--env-file|-C|--conditions|--opts|--package|--grep|-g|--jobs|-j)$/;

/** The patterns of test files that the test script's own arguments name. */
const scriptPatterns = (folder: string, manifest: string): TestPattern[] => {
  const lines: Record<string, string> = {};
  let parsed: unknown;
  try {
    parsed = JSON.parse(manifest);
  } catch {
    return [];
  }
  const found: unknown =
    typeof parsed === "object" && parsed !== null && "scripts" in parsed ? parsed.scripts : {};
  for (const [name, line] of Object.entries(found ?? {})) if (typeof line === "string") lines[name] = line;
  const written = runnerSteps(lines, "test", placeOfRunner).flatMap(({ command: { args } }) =>
    args.filter(
      (word, index) => !word.startsWith("-") && !valued.test(args[index - 1] ?? "") && !runners.test(word),
    ),
  );
  return ofPaths(folder, written);
};

type Reader = (folder: string, text: string, name: string) => TestPattern[];

const readers: readonly (readonly [name: RegExp, read: Reader])[] = [
  [
    /^package\.json$/,
    (folder, text) => [
      ...jestPatterns(folder, text, ["jest"]),
      ...ofPaths(folder, texts(literalsAt(text, ["mocha", "spec"]))),
      ...ofPaths(folder, texts(literalsAt(text, ["ava", "files"]))),
      ...ofPaths(folder, texts(literalsAt(text, ["tap", "include"]))),
      ...scriptPatterns(folder, text),
    ],
  ],
  [/^jest\.config\.([cm]?[jt]s|json)$/, (folder, text) => jestPatterns(folder, text)],
  [
    /^(vitest|vite)\.(config|workspace)\.[cm]?[jt]s$/,
    (folder, text) => ofLiterals(folder, literalsAt(text, ["test", "include"])),
  ],
  [/^\.mocharc\.([cm]?js|jsonc?)$/, (folder, text) => ofPaths(folder, texts(literalsAt(text, ["spec"])))],
  [/^\.mocharc\.ya?ml$/, (folder, text) => ofPaths(folder, yamlValues(text, "spec"))],
  [/^ava\.config\.[cm]?js$/, (folder, text) => ofPaths(folder, texts(literalsAt(text, ["files"])))],
  [
    /^jasmine\.([cm]?js|json)$/,
    (folder, text) => {
      const [inside = "spec"] = texts(literalsAt(text, ["spec_dir"]));
      const root = posix.basename(folder) === "support" ? posix.dirname(posix.dirname(folder)) : folder;
      const from = root === "." ? "" : root;
      return ofPaths(
        from,
        texts(literalsAt(text, ["spec_files"])).map((glob) => posix.join(inside, glob)),
      );
    },
  ],
  [
    /^\.taprc$/,
    (folder, text) => ofPaths(folder, [...yamlValues(text, "include"), ...yamlValues(text, "files")]),
  ],
  [
    /^playwright(-ct)?\.config\.[cm]?[jt]s$/,
    (folder, text) => {
      const [inside] = texts(literalsAt(text, ["testDir"]));
      const from = inside === undefined ? folder : posix.join(folder, inside);
      const given = ofLiterals(from, literalsAt(text, ["testMatch"]));
      return given.length > 0 || inside === undefined
        ? given
        : ofPaths(folder, [inside], "*.{spec,test}.{js,ts,mjs,mts,jsx,tsx}");
    },
  ],
  [/^cypress\.config\.[cm]?[jt]s$/, (folder, text) => ofLiterals(folder, literalsAt(text, ["specPattern"]))],
  [/^deno\.jsonc?$/, (folder, text) => ofPaths(folder, texts(literalsAt(text, ["test", "include"])))],
  [
    /^phpunit\.(dist\.)?xml(\.dist)?$/,
    (folder, text) =>
      [...text.matchAll(/<directory\b([^>]*)>\s*([^<]+?)\s*<\/directory>/g)]
        .filter(
          ({ index }) => text.lastIndexOf("<testsuite", index) > text.lastIndexOf("</testsuites>", index),
        )
        .flatMap(([, attributes = "", path = ""]) =>
          ofPaths(folder, [path], `*${/suffix="([^"]+)"/.exec(attributes)?.[1] ?? "Test.php"}`),
        ),
  ],
  [
    /^\.rspec$/,
    (folder, text) =>
      ofPaths(
        folder,
        [...text.matchAll(/(?:--pattern|-P|--default-path)[ =]["']?([^\s"']+)/g)].map(
          ([, glob = ""]) => glob,
        ),
        "*_spec.rb",
      ),
  ],
  [
    /^Rakefile$/,
    (folder, text) =>
      ofPaths(
        folder,
        [...text.matchAll(/\.(?:pattern|test_files)\s*=\s*(?:FileList)?\[?\s*["']([^"']+)/g)].map(
          ([, glob = ""]) => glob,
        ),
        "*.rb",
      ),
  ],
  [
    /^Cargo\.toml$/,
    (folder, text) =>
      ofPaths(
        folder,
        [...text.matchAll(/^\[\[test\]\][^[]*?^path\s*=\s*["']([^"']+)/gm)].map(([, path = ""]) => path),
      ),
  ],
  [
    /^pom\.xml$/,
    (folder, text) => [
      ...ofPaths(
        folder,
        [...text.matchAll(/<testSourceDirectory>\s*(?:\$\{[\w.]+\}\/)?([^<\s]+)/g)].map(
          ([, path = ""]) => path,
        ),
        "*.{java,kt}",
      ),
      ...ofPaths(
        folder,
        [...text.matchAll(/<include>\s*([^<\s]+\.java)\s*<\/include>/g)].map(([, glob = ""]) =>
          posix.join("**", glob),
        ),
      ),
    ],
  ],
  [
    /\.(cs|fs|vb)proj$/,
    (folder, text) =>
      /Microsoft\.NET\.Test\.Sdk|<IsTestProject>\s*true/i.test(text) && folder !== ""
        ? ofPaths(folder, ["."], "*.{cs,fs,vb}")
        : [],
  ],
];

/** What a configuration file says of tests; null: it is none, or says nothing. */
export const testsConfiguredBy = (
  path: string,
  read: (path: string) => string | null,
): FolderTests | null => {
  const name = posix.basename(path);
  const folder = posix.dirname(path) === "." ? "" : posix.dirname(path);
  const reader = readers.find(([pattern]) => pattern.test(name))?.[1];
  const header = pytestSection[name];
  if (reader === undefined && header === undefined) return null;
  const text = read(path) ?? "";
  const section = header === undefined ? null : sectionOf(text, header);
  if (section === null)
    return reader === undefined ? null : { patterns: reader(folder, text, name), pytestOnly: null };
  const files = pytestValues(section, "python_files") ?? [];
  return {
    patterns: files.flatMap((glob) => ofGlob(folder, glob.includes("/") ? glob : `**/${glob}`) ?? []),
    pytestOnly:
      pytestValues(section, "testpaths")?.map((each) => posix.join(folder, each).toLowerCase()) ?? null,
  };
};
