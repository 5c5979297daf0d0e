import type { z } from "zod";
import { fail } from "../../../schemas/errors.ts";
import { describeProblems } from "../../../schemas/problems.ts";
import { AgentFile, TeamFile } from "../../../schemas/team.ts";
import { configurationFiles } from "../../workspace/configuration.ts";

/** What a file says, and its path in the workspace. */
export interface Read<Content> {
  path: string;
  content: Content;
}

/** Reads `.coditect/<folder>/*.json`. Errors: `invalid_file` with the file and its problems. */
const readAll = async <Schema extends z.ZodType>(
  workspace: string,
  folder: string,
  schema: Schema,
): Promise<Read<z.output<Schema>>[]> => {
  const files = await Promise.resolve(configurationFiles(workspace));
  return files
    .filter(({ path }) => path.startsWith(`.coditect/${folder}/`) && path.endsWith(".json"))
    .map(({ path, bytes }) => {
      const parsed = schema.safeParse(parseJson(path, bytes.toString("utf8")));
      if (!parsed.success) throw fail("invalid_file", { path, problems: describeProblems(parsed.error) });
      return { path, content: parsed.data };
    });
};

const parseJson = (path: string, text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (error) {
    // The parser's own message quotes the file, which may be a secret that a link has led to.
    const at = /at position (\d+)/.exec(String(error))?.[1];
    const where = at === undefined ? "" : ` (line ${text.slice(0, Number(at)).split("\n").length})`;
    throw fail("invalid_file", { path, problems: `it is not JSON${where}` }, { cause: error });
  }
};

/** The agents of `.coditect/agents/`, in version control with the project. */
export const readAgentFiles = (workspace: string): Promise<Read<AgentFile>[]> =>
  readAll(workspace, "agents", AgentFile);

/** The teams of `.coditect/teams/`. */
export const readTeamFiles = (workspace: string): Promise<Read<TeamFile>[]> =>
  readAll(workspace, "teams", TeamFile);
