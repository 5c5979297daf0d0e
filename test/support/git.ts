import { execFile } from "node:child_process";
import { promisify } from "node:util";

const identity = { NAME: "Test", EMAIL: "test@example.org" };
const environment = Object.fromEntries(
  Object.entries(identity).flatMap(([name, value]) => [
    [`GIT_AUTHOR_${name}`, value],
    [`GIT_COMMITTER_${name}`, value],
  ]),
);

/** Git as a user runs it, for what a test prepares. */
export const runGit = async (folder: string, ...args: string[]): Promise<string> => {
  const env = { ...process.env, ...environment };
  return (await promisify(execFile)("git", args, { cwd: folder, env })).stdout;
};
