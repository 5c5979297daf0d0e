import { readdir, readFile, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { EvaluationTask } from "../../schemas/evaluation.ts";
import { fail } from "../../schemas/errors.ts";
import { loadExercises } from "./exercism.ts";
import { copyInto } from "./folders.ts";
import { readJson } from "./read-json.ts";
import type { SuiteTask } from "./suite-task.ts";
import { ifThere } from "../store/files.ts";

export interface Suite {
  name: string;
  tasks: SuiteTask[];
}

const neededFolders = { solve: ["project", "hidden"], review: ["buggy", "fixed"] } as const;

const isFolder = async (path: string): Promise<boolean> =>
  (await ifThere(stat(path)))?.isDirectory() ?? false;

const readTask = async (folder: string, text: string): Promise<SuiteTask> => {
  const name = basename(folder);
  const path = `${name}/task.json`;
  const definition = readJson(path, text, EvaluationTask);
  for (const needed of neededFolders[definition.kind])
    if (!(await isFolder(join(folder, needed))))
      throw fail("invalid_file", { path, problems: `it needs a folder ${needed}/ next to it` });
  return {
    name,
    folder,
    definition,
    layOut: async (into) => ({
      workspace: await copyInto(into, "project", join(folder, "project")),
      hidden: join(folder, "hidden"),
    }),
  };
};

/**
 * The tasks of a suite: its folders with a `task.json`, by name; or the exercises of a folder of
 * exercism's shape. Errors: `usage` when there is none,
 * `invalid_file` with the place.
 */
export const loadSuite = async (folder: string): Promise<Suite> => {
  const exercises = await loadExercises(folder);
  if (exercises !== null && exercises.length > 0) return { name: basename(folder), tasks: exercises };
  const names = (await ifThere(readdir(folder))) ?? [];
  const tasks: SuiteTask[] = [];
  for (const name of names.sort()) {
    const text = await readFile(join(folder, name, "task.json"), "utf8").catch(() => null);
    if (text !== null) tasks.push(await readTask(join(folder, name), text));
  }
  if (tasks.length === 0)
    throw fail("usage", {
      problem: `${folder} is not a suite: it contains no folder with a task.json and no exercises/practice.`,
    });
  return { name: basename(folder), tasks };
};
