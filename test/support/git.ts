import { execFile } from "node:child_process";
import { promisify } from "node:util";

const identity = { NAME: "Test", EMAIL: "test@example.org" };
const environment = Object.fromEntries(
  Object.entries(identity).flatMap(([name, value]) => [
    [`GIT_AUTHOR_${name}`, value],
    [`GIT_COMMITTER_${name}`, value],
  ]),
);

const call = async (folder: string, args: string[], variables: NodeJS.ProcessEnv = {}): Promise<string> => {
  const env = { ...process.env, ...environment, ...variables };
  return (await promisify(execFile)("git", args, { cwd: folder, env })).stdout;
};

/** Runs git as a user does, to prepare a test. */
export const runGit = (folder: string, ...args: string[]): Promise<string> => call(folder, args);

/** Commits every change of tracked files, with a time that the test knows: git's times are whole seconds. */
export const commitAt = async (folder: string, time: Date, message: string): Promise<void> => {
  await call(folder, ["commit", "-qam", message], { GIT_COMMITTER_DATE: time.toISOString() });
};
