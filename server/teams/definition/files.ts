import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { z } from "zod";
import { fail } from "../../../schemas/errors.ts";
import { describeProblems } from "../../../schemas/problems.ts";
import { AgentFile, TeamFile } from "../../../schemas/team.ts";

/** Reads `.coditect/<folder>/*.json`. Errors: `invalid_file` with the file and its problems. */
const readAll = async <Schema extends z.ZodType>(
  workspace: string,
  folder: string,
  schema: Schema,
): Promise<z.output<Schema>[]> => {
  const absolute = join(workspace, ".coditect", folder);
  const names = (await readdir(absolute).catch(() => [])).filter((name) => name.endsWith(".json")).sort();
  return Promise.all(
    names.map(async (name) => {
      const path = `.coditect/${folder}/${name}`;
      const parsed = schema.safeParse(parseJson(path, await readFile(join(absolute, name), "utf8")));
      if (!parsed.success) throw fail("invalid_file", { path, problems: describeProblems(parsed.error) });
      return parsed.data;
    }),
  );
};

const parseJson = (path: string, text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (error) {
    const problems = error instanceof Error ? error.message : String(error);
    throw fail("invalid_file", { path, problems }, { cause: error });
  }
};

/** The agents of `.coditect/agents/`, in version control with the project. */
export const readAgentFiles = (workspace: string): Promise<AgentFile[]> =>
  readAll(workspace, "agents", AgentFile);

/** The teams of `.coditect/teams/`. */
export const readTeamFiles = (workspace: string): Promise<TeamFile[]> =>
  readAll(workspace, "teams", TeamFile);
