import { fileURLToPath } from "node:url";
import { isAbsolute, relative, sep } from "node:path";
import type { ContentBlock } from "@agentclientprotocol/sdk";
import { fail } from "../../../schemas/errors.ts";

/** The request in a prompt. */
export type PromptedWork =
  { type: "run"; team: string; file: string | null; task: string } | { type: "resume"; taskId: string };

/** The slash commands of the editor. Each is a team or an action. */
export const slashCommands = [
  {
    name: "tdd",
    description: "Write failing tests, then the code that makes them pass",
    hint: "file and task",
  },
  { name: "bug-fix", description: "Reproduce a bug with a test, then fix it", hint: "bug report" },
  { name: "review", description: "Review a file", hint: "file" },
  { name: "security", description: "Scan a file for vulnerabilities", hint: "file" },
  { name: "architecture", description: "Write a decision record with diagrams", hint: "requirements" },
  { name: "resume", description: "Continue an interrupted run", hint: "task id" },
] as const;

/**
 * Reads a prompt: `/team FILE TASK`, where FILE is a linked file or the first word if it looks like a
 * path. Without a command, the TDD team works on it. Errors: `usage`, `outside_workspace`.
 */
export const readPrompt = (prompt: readonly ContentBlock[], workspace: string): PromptedWork => {
  const text = prompt
    .flatMap((block) => (block.type === "text" ? [block.text] : []))
    .join("\n")
    .trim();
  const [, command = "tdd", rest = text] = /^\/([\w-]+)\s*([\s\S]*)$/.exec(text) ?? [];
  if (command === "resume") {
    if (rest === "") throw fail("usage", { problem: "/resume needs a task id." });
    return { type: "resume", taskId: rest.trim() };
  }
  const linked = linkedFile(prompt, workspace);
  if (linked !== null) return { type: "run", team: command, file: linked, task: rest };
  const [, first = "", others = ""] = /^(\S+)\s*([\s\S]*)$/.exec(rest) ?? [];
  return looksLikePath(first)
    ? { type: "run", team: command, file: first, task: others }
    : { type: "run", team: command, file: null, task: rest };
};

const looksLikePath = (word: string): boolean => /^[^\s:]*[\w-]\.\w{1,8}$/.test(word);

/** Null if the link names another machine or is not a path. */
const localPath = (uri: string): string | null => {
  try {
    return fileURLToPath(uri);
  } catch {
    return null;
  }
};

const linkedFile = (prompt: readonly ContentBlock[], workspace: string): string | null => {
  const uri = prompt
    .map((block) => {
      if (block.type === "resource_link") return block.uri;
      return block.type === "resource" ? block.resource.uri : null;
    })
    .find((found) => found?.startsWith("file://") === true);
  if (uri === undefined || uri === null) return null;
  const place = localPath(uri);
  if (place === null) throw fail("outside_workspace", { path: uri, workspace });
  const path = relative(workspace, place);
  if (path === "" || path.startsWith("..") || isAbsolute(path))
    throw fail("outside_workspace", { path: uri, workspace });
  return path.split(sep).join("/");
};
