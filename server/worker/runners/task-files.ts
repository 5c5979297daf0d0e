import { textOf } from "./package.ts";

/** Files of tools that run tasks, the tasks that test a project, and the tool. */
const tools: readonly { file: RegExp; task: RegExp; program: string }[] = [
  { file: /^(?:GNU)?[Mm]akefile$/, task: /^(test|check)\s*:(?![=:])/m, program: "make" },
  { file: /^\.?[Jj]ustfile$/, task: /^@?(test|check)(?:\s[^:\n]*)?:(?!=)/m, program: "just" },
  { file: /^[Tt]askfile(?:\.dist)?\.ya?ml$/, task: /^tasks:[^]*?\n {2,4}(test|check):/m, program: "task" },
];

/** The task with which the folder's own task file tests it, for example `make test`; null if there is none. */
export const testTask = (
  folder: string,
  names: readonly string[],
): { command: string[]; source: string } | null => {
  for (const { file, task, program } of tools)
    for (const source of names.filter((name) => file.test(name))) {
      const name = task.exec(textOf(folder, source))?.[1];
      if (name !== undefined) return { command: [program, name], source };
    }
  return null;
};
