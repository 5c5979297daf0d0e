import { join } from "node:path";
import type { TestRunner } from "../../../schemas/tests.ts";
import { isWithin } from "../../workspace/paths.ts";
import { programOnPath, textOf } from "./package.ts";
import type { DetectedRunner } from "./runner.ts";
import { emptyScript } from "../../workspace/test-script.ts";
import { exists } from "../../workspace/file-access.ts";

/** The runner of a language, with its program and the file names by which a project is recognised. */
interface Marked {
  runner: TestRunner;
  /** Matches the name of a file in the folder. */
  mark: RegExp;
  /** A file that the folder must also have. */
  alsoHas?: readonly string[];
  program: string;
  /** Programs of the project itself, which take precedence over the one on PATH. */
  own?: readonly string[];
}

const languages: readonly Marked[] = [
  { runner: "go", mark: /^go\.(mod|work)$/, program: "go" },
  { runner: "cargo", mark: /^Cargo\.toml$/, program: "cargo" },
  { runner: "maven", mark: /^pom\.xml$/, program: "mvn", own: ["mvnw"] },
  {
    runner: "gradle",
    mark: /^(build|settings)\.gradle(\.kts)?$|^gradlew$/,
    program: "gradle",
    own: ["gradlew"],
  },
  { runner: "dotnet", mark: /\.(sln|slnx|csproj|fsproj|vbproj)$/, program: "dotnet" },
  {
    runner: "phpunit",
    mark: /^(phpunit\.xml(\.dist)?|phpunit\.dist\.xml|composer\.json)$/,
    program: "phpunit",
    own: ["vendor/bin/phpunit", "bin/phpunit"],
  },
  { runner: "deno", mark: /^deno\.jsonc?$/, program: "deno" },
  {
    runner: "rspec",
    mark: /^\.rspec$|^Gemfile$|\.gemspec$/,
    alsoHas: ["spec"],
    program: "rspec",
    own: ["bin/rspec"],
  },
  { runner: "minitest", mark: /^(Gemfile|Rakefile)$|\.gemspec$/, alsoHas: ["test"], program: "ruby" },
  { runner: "ctest", mark: /^CMakeLists\.txt$/, program: "ctest" },
];

const usesNextest = (folder: string): boolean =>
  exists(join(folder, ".config/nextest.toml")) && programOnPath("cargo-nextest") !== null;

/** The runner of a folder in one of the languages above; null if it has none of their files. */
export const languageRunner = (folder: string, names: readonly string[]): DetectedRunner | null => {
  const found = languages.find(
    ({ mark, alsoHas = [] }) =>
      names.some((name) => mark.test(name)) && alsoHas.every((name) => names.includes(name)),
  );
  if (found === undefined) return null;
  if (found.runner === "cargo" && usesNextest(folder))
    return {
      runner: "nextest",
      folder,
      source: ".config/nextest.toml",
      program: "cargo",
      script: emptyScript,
    };
  const own = (found.own ?? []).map((path) => join(folder, path)).find((path) => exists(path));
  const source = names.find((name) => found.mark.test(name));
  return {
    runner: found.runner,
    folder,
    ...(source === undefined ? {} : { source }),
    program: own ?? programOnPath(found.program),
    script: emptyScript,
  };
};

/** Whether the package `inner` can only be built from `outer`, a folder above it. */
export const isBuiltWith = (inner: DetectedRunner, outer: DetectedRunner): boolean => {
  if (inner.runner !== outer.runner || !isWithin(outer.folder, inner.folder)) return false;
  const has = (name: string): boolean => exists(join(outer.folder, name));
  switch (outer.runner) {
    case "ctest":
      return true;
    case "maven":
      return textOf(outer.folder, "pom.xml").includes("<module>");
    case "gradle":
      return has("settings.gradle") || has("settings.gradle.kts");
    default:
      return false;
  }
};

/** Whether the tests of `outer`, a folder above the package `inner`, include those of `inner`. */
export const isTestedWith = (inner: DetectedRunner, outer: DetectedRunner): boolean => {
  const isBelow = inner.runner === outer.runner && isWithin(outer.folder, inner.folder);
  const runsParts = ["cargo", "nextest", "dotnet"].includes(outer.runner);
  return isBuiltWith(inner, outer) || (isBelow && runsParts);
};
