import type { ContextItem } from "../../schemas/execution.ts";
import { readFrontMatter } from "../workspace/front-matter.ts";
import type { WorkspaceIndex } from "./workspace-index.ts";

/** Where projects keep Agent Skills. Format: https://agentskills.io/specification */
const skillFile = /^\.(?:agents|claude|github)\/skills\/[^/]+\/SKILL\.md$/;

/** As much of them as every prompt may carry. */
const MOST_SKILLS = 30;
const LONGEST_NAME = 64;
const LONGEST_DESCRIPTION = 300;

/** Name of the context item that lists them. */
export const SKILLS_ITEM = "skills of the project";

const cut = (text: string, most: number): string => (text.length > most ? `${text.slice(0, most)}…` : text);

/** A line of the list; null for a file without a name or description, which says nothing of its use. */
const lineOf = (path: string, text: string): string | null => {
  const front = readFrontMatter(text);
  const name = front?.field("name") ?? null;
  const description = front?.field("description") ?? null;
  if (name === null || description === null) return null;
  return `- ${cut(name, LONGEST_NAME)} (${path}): ${cut(description, LONGEST_DESCRIPTION)}`;
};

/**
 * The project's Agent Skills as a list of names, files and descriptions; null when it has none. An agent
 * reads a skill's file when its description fits the task, so that no prompt carries all of them.
 */
export const skillsItem = (index: WorkspaceIndex): ContextItem | null => {
  const paths = [...index.paths].filter((path) => skillFile.test(path)).sort();
  const lines = paths.flatMap((path) => lineOf(path, index.read(path) ?? "") ?? []);
  if (lines.length === 0) return null;
  const more = lines.length > MOST_SKILLS ? [`(${lines.length - MOST_SKILLS} more are not listed.)`] : [];
  const content = [...lines.slice(0, MOST_SKILLS), ...more].join("\n");
  return { context_type: "Documentation", name: SKILLS_ITEM, content, mime_type: "text/markdown" };
};
