import type { ContextItem } from "../../schemas/execution.ts";
import { readFrontMatter } from "../workspace/front-matter.ts";
import type { LeftOut } from "./budget.ts";
import type { WorkspaceIndex } from "./workspace-index.ts";

/** Where projects keep Agent Skills. Format: https://agentskills.io/specification */
const skillFile = /^\.(?:agents|claude|github)\/skills\/[^/]+\/SKILL\.md$/;

/** The limits for their list, which is part of every prompt. */
const MOST_SKILLS = 30;
const LONGEST_NAME = 64;
const LONGEST_DESCRIPTION = 300;

/** Name of the context item that lists them. */
export const SKILLS_ITEM = "skills of the project";

const cut = (text: string, most: number): string => (text.length > most ? `${text.slice(0, most)}…` : text);

/** The name and description in a skill's file, or the problem with the file. */
const readSkill = (text: string | null): { name: string; description: string } | { problem: string } => {
  if (text === null) return { problem: "it is not a text file, or it is too long" };
  const front = readFrontMatter(text);
  if (front === null) return { problem: "it does not begin with front matter between lines of ---" };
  const name = front.field("name");
  const description = front.field("description");
  if (name === null) return { problem: "its front matter has no name" };
  if (description === null) return { problem: "its front matter has no description" };
  return { name, description };
};

/**
 * The project's Agent Skills as a list of names, files and descriptions; null when it has none. An agent
 * reads a skill's file when its description fits the task, so that no prompt contains all of them. If two
 * skills have the same name, the first counts.
 */
export const skillsItem = (
  index: Pick<WorkspaceIndex, "paths" | "read">,
): { item: ContextItem | null; left_out: LeftOut[] } => {
  const known = new Map<string, string>();
  const leftOut: LeftOut[] = [];
  const lines: string[] = [];
  for (const path of [...index.paths].filter((each) => skillFile.test(each)).sort()) {
    const skill = readSkill(index.read(path));
    if ("problem" in skill) {
      leftOut.push({ name: path, reason: skill.problem });
      continue;
    }
    const { name, description } = skill;
    const first = known.get(name);
    if (first !== undefined) {
      leftOut.push({ name: path, reason: `${first} has the same name, ${name}` });
      continue;
    }
    known.set(name, path);
    lines.push(`- ${cut(name, LONGEST_NAME)} (${path}): ${cut(description, LONGEST_DESCRIPTION)}`);
  }
  if (lines.length === 0) return { item: null, left_out: leftOut };
  const more = lines.length > MOST_SKILLS ? [`(${lines.length - MOST_SKILLS} more are not listed.)`] : [];
  const content = [...lines.slice(0, MOST_SKILLS), ...more].join("\n");
  return {
    item: { context_type: "Documentation", name: SKILLS_ITEM, content, mime_type: "text/markdown" },
    left_out: leftOut,
  };
};
