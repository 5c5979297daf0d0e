import { cp, mkdir, readdir, readFile, realpath, symlink, writeFile } from "node:fs/promises";
import { basename, dirname, extname, join, resolve } from "node:path";
import { z } from "zod";
import { WorkspacePath } from "../../schemas/primitives.ts";
import { ifThere } from "../store/files.ts";
import { readJson } from "./read-json.ts";
import type { LaidOut, SuiteTask } from "./suite-task.ts";

/** Where a track of exercism, or a repository of that shape, keeps its exercises. */
const PRACTICE = "exercises/practice";

/** What is there for people and for the track, and no part of the program. */
const unseen = new Set([".meta", ".docs", ".approaches", ".articles"]);

const Configuration = z.object({
  files: z.object({ solution: z.array(WorkspacePath).min(1), test: z.array(WorkspacePath).min(1) }),
  blurb: z.string().default(""),
});

/** How tests are skipped in exercises: all but the first, until a person gets there. */
const skips: readonly (readonly [extensions: RegExp, skip: RegExp, instead: string])[] = [
  [/^\.[cm]?[jt]sx?$/, /\bx(test|it|describe)(?=(\.each)?\s*[(`])/g, "$1"],
  [/^\.[cm]?[jt]sx?$/, /\b(test|it|describe)\.skip\b/g, "$1"],
  [/^\.py$/, /^[ \t]*@(?:unittest|pytest\.mark)\.skip\b.*\r?\n/gm, ""],
  [/^\.(java|kt|scala)$/, /^[ \t]*@(?:Disabled|Ignore)\b.*\r?\n/gm, ""],
  [/^\.rs$/, /^[ \t]*#\[ignore\b.*\]\r?\n/gm, ""],
  [/^\.rb$/, /^[ \t]*skip\b.*\r?\n/gm, ""],
];

/** The text of a test file with every test asked for. */
export const withoutSkips = (path: string, text: string): string =>
  skips
    .filter(([extensions]) => extensions.test(extname(path)))
    .reduce((kept, [, skip, instead]) => kept.replace(skip, instead), text);

/** A script starts its runner itself: a package manager would fetch, and instances have no network. */
const withoutManager = (manifest: string): string =>
  manifest.replace(/"(?:corepack )?(?:pnpm|yarn)(?: (?:exec|run))? (?=jest\b|vitest\b|mocha\b|ava\b)/g, '"');

const textsOf = async (folder: string, names: readonly string[]): Promise<string[]> => {
  const texts = await Promise.all(names.map((name) => ifThere(readFile(join(folder, name), "utf8"))));
  return texts.flatMap((text) => text?.trim() ?? []);
};

/** The nearest installed packages at or above the exercise, up to the track; null: there are none. */
const packagesOf = async (exercise: string, track: string): Promise<string | null> => {
  for (let folder = exercise; ; folder = dirname(folder)) {
    const names = (await ifThere(readdir(folder))) ?? [];
    if (names.includes("node_modules")) return join(folder, "node_modules");
    if (folder === track || dirname(folder) === folder) return null;
  }
};

const layOut = async (
  exercise: string,
  track: string,
  tests: readonly string[],
  into: string,
): Promise<LaidOut> => {
  const [workspace, hidden] = [join(into, "project"), join(into, "hidden")];
  await cp(exercise, workspace, {
    recursive: true,
    filter: (path) => {
      const inside = path.slice(exercise.length + 1).replaceAll("\\", "/");
      return !unseen.has(inside) && !tests.includes(inside) && inside !== "node_modules";
    },
  });
  const manifest = await ifThere(readFile(join(workspace, "package.json"), "utf8"));
  if (manifest !== null) await writeFile(join(workspace, "package.json"), withoutManager(manifest));
  const packages = await packagesOf(exercise, track);
  if (packages !== null) await symlink(await realpath(packages), join(workspace, "node_modules"), "junction");
  for (const test of tests) {
    await mkdir(dirname(join(hidden, test)), { recursive: true });
    const text = await readFile(join(exercise, test), "utf8");
    await writeFile(join(hidden, test), withoutSkips(test, text));
  }
  return { workspace, hidden };
};

const readExercise = async (track: string, name: string): Promise<SuiteTask | null> => {
  const folder = join(track, PRACTICE, name);
  const path = `${PRACTICE}/${name}/.meta/config.json`;
  const text = await ifThere(readFile(join(track, path), "utf8"));
  if (text === null) return null;
  const { files, blurb } = readJson(path, text, Configuration);
  const [file = ""] = files.solution;
  const docs = ["introduction.md", "instructions.md", "instructions.append.md"];
  const instructions = (await textsOf(join(folder, ".docs"), docs)).join("\n\n");
  return {
    name,
    folder,
    definition: {
      kind: "solve",
      description: blurb,
      task: `Implement ${files.solution.join(", ")} as these instructions say.\n\n${instructions || blurb}`,
      file,
      workflow: "tdd",
      test_command: null,
      tests: files.test,
    },
    layOut: (into) => layOut(folder, track, files.test, into),
  };
};

/**
 * The exercises of a folder of exercism's shape: `exercises/practice/SLUG/.meta/config.json` names the
 * solution and the tests, which decide and which no agent sees, with every test asked for. Null: the
 * folder has another shape. Errors: `invalid_file` with the place.
 */
export const loadExercises = async (folder: string): Promise<SuiteTask[] | null> => {
  const track = resolve(folder);
  const names = await ifThere(readdir(join(track, PRACTICE)));
  if (names === null) return null;
  const tasks: SuiteTask[] = [];
  for (const name of names.sort()) {
    const task = await readExercise(track, basename(name));
    if (task !== null) tasks.push(task);
  }
  return tasks;
};
