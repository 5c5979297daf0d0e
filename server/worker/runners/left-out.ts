import { basename, dirname } from "node:path";
import { codeOfRust } from "../../workspace/rust-code.ts";
import { testsInSource } from "../../workspace/tests-in-source.ts";
import { textOf } from "./package.ts";
import { filesBelow } from "./report-files.ts";
import type { TestResults } from "./runner.ts";

/**
 * Test files that a compiler leaves out of the build without an error, so that none of their tests runs, with the
 * reason. See `left_out` of TestReport.
 */

type LeftOut = NonNullable<TestResults["left_out"]>;

/** Systems and processors that Go knows. A file whose name ends with one is only for it. */
const goPlace =
  /_(?:(aix|android|darwin|dragonfly|freebsd|illumos|ios|js|linux|netbsd|openbsd|plan9|solaris|wasip1|windows)(?:_\w+?)?|(386|amd64|arm|arm64|loong64|mips\w*|ppc64\w*|riscv64|s390x|wasm))_test\.go$/;

const reasonOfGo = (path: string, text: string): string | null => {
  const ignored = path.split("/").find((part) => part === "testdata" || /^[_.]./.test(part));
  if (ignored !== undefined) return `Go ignores files and folders that are called ${ignored}`;
  const head = text.slice(0, Math.max(0, text.search(/^\s*package\s/m)));
  const constraint = /^\/\/(?:go:build| \+build) .*$/m.exec(head)?.[0];
  if (constraint !== undefined) return `Go leaves it out because of its line \`${constraint}\``;
  const [, system, processor] = goPlace.exec(path) ?? [];
  const place = system ?? processor;
  return place === undefined ? null : `Go leaves it out because of its name, which is only for ${place}`;
};

/** Of these files, none of whose tests ran, those that Go leaves out. */
export const leftOutByGo = (folder: string, files: readonly string[]): LeftOut =>
  files.flatMap((file) => {
    const text = textOf(folder, file);
    const hasTest = file.endsWith("_test.go") && /^func (?:Test|Example|Fuzz)\w*\(/m.test(text);
    const reason = hasTest ? reasonOfGo(file, text) : null;
    return reason === null ? [] : [{ file, reason }];
  });

/** Files that Cargo builds without a `mod`: the roots of crates. */
const rustRoot =
  /(?:^|\/)(?:build\.rs|(?:src|(?:src\/bin|tests|benches|examples)(?:\/[^/]+)?)\/(?:main|lib)\.rs|(?:src\/bin|tests|benches|examples)\/[^/]+\.rs)$/;

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");

/** Whether a source declares the module, or names its file in `#[path]` or `include!`. */
const declares = (text: string, file: string): boolean => {
  const name = basename(file, ".rs");
  const module = name === "mod" ? basename(dirname(file)) : name;
  const declaration = new RegExp(`\\bmod\\s+(?:r#)?${escaped(module)}\\s*;`);
  return declaration.test(codeOfRust(text)) || text.includes(`${basename(file)}"`);
};

/** Of these files, none of whose tests ran, those that no module of a Cargo project names. */
export const leftOutByCargo = async (folder: string, files: readonly string[]): Promise<LeftOut> => {
  const inner = files.filter(
    (file) => !rustRoot.test(file) && testsInSource(file, textOf(folder, file)) !== null,
  );
  if (inner.length === 0) return [];
  const paths = await filesBelow(folder, /^(?!target\/).*(?:\.rs|Cargo\.toml)$/);
  const texts = new Map(paths.map((path) => [path, textOf(folder, path)]));
  return inner
    .filter((file) => ![...texts].some(([path, text]) => path !== file && declares(text, file)))
    .map((file) => ({ file, reason: "no `mod` names it, so Cargo does not build it" }));
};
