import { createHash } from "node:crypto";
import { fail } from "../../schemas/errors.ts";
import { slugOf } from "../../schemas/file-name.ts";
import { parseJson } from "../../schemas/problems.ts";
import { SharedPackage } from "../../schemas/shared-package.ts";
import { isMarkdownAgent, readMarkdownAgent } from "./markdown-agent.ts";
import { problemsOfAgent, problemsOfTeam, type FileProblem } from "../teams/definition/files.ts";

/** A file of `.coditect/` that a package brings. */
export interface PackagedFile {
  /** In the workspace. */
  path: string;
  bytes: Buffer;
}

export interface ReadPackage {
  content: SharedPackage;
  /** What of another product's agent has no meaning here. */
  leftOut: string[];
  /** Of the package's bytes. */
  sha256: string;
  files: PackagedFile[];
}

export const sha256Of = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

const fileOf = (kind: "agents" | "teams", { name }: { name: string }, content: object): PackagedFile => ({
  // A name of other letters alone has its hash.
  path: `.coditect/${kind}/${slugOf(name) || sha256Of(Buffer.from(name)).slice(0, 12)}.json`,
  bytes: Buffer.from(`${JSON.stringify(content, null, 2)}\n`),
});

const told = (what: string, problems: readonly FileProblem[]): string[] =>
  problems.map(({ path, message }) => `${what}: ${path.map(String).join(".")}: ${message}`);

const contentOf = (
  source: string,
  text: string,
): Pick<ReadPackage, "content" | "leftOut"> | { problems: string } => {
  if (isMarkdownAgent(source))
    return (
      readMarkdownAgent(source, text) ?? {
        problems: "it has no front matter with the text of an agent below it",
      }
    );
  const read = parseJson(SharedPackage, text);
  return "problems" in read ? read : { content: read.value, leftOut: [] };
};

/**
 * Reads a package, or another product's agent, and checks all that it holds. Error: `package_unreadable`.
 */
export const readPackage = (source: string, bytes: Buffer): ReadPackage => {
  const unreadable = (reason: string) => fail("package_unreadable", { source, reason });
  const read = contentOf(source, bytes.toString("utf8"));
  if ("problems" in read) throw unreadable(read.problems);
  const { content, leftOut } = read;
  const problems = [
    ...content.agents.flatMap((agent) => told(agent.name, problemsOfAgent(agent))),
    ...content.teams.flatMap((team) => told(team.name, problemsOfTeam(team))),
  ];
  if (problems.length > 0) throw unreadable(problems.join("; "));
  const files = [
    ...content.agents.map((agent) => fileOf("agents", agent, agent)),
    ...content.teams.map((team) => fileOf("teams", team, team)),
  ];
  const twice = files.find(({ path }, index) => files.findIndex((file) => file.path === path) < index);
  if (twice !== undefined) throw unreadable(`it holds ${twice.path} twice`);
  return { content, leftOut, sha256: sha256Of(bytes), files };
};
