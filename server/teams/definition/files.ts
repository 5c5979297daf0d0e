import { evaluate, parse, type ValueNode } from "@humanwhocodes/momoa";
import { posix } from "node:path";
import { z } from "zod";
import { AgentType } from "../../../schemas/agent.ts";
import { CoditectError } from "../../../schemas/errors.ts";
import { describeProblem, problemsOf } from "../../../schemas/problems.ts";
import { loginsIn } from "../../../schemas/logins.ts";
import { AgentFile, TeamFile } from "../../../schemas/team.ts";
import { configurationFiles, textOf } from "../../workspace/configuration.ts";
import { defaultCapabilities } from "../../models/agent.ts";
import { promptPlaces } from "./prompts.ts";
import { problemOfTypes } from "./types.ts";
import { isToolName } from "./tools.ts";
import { workflowProblems } from "./validate.ts";

/** The content of a file, and its path in the workspace. */
export interface Read<Content> {
  path: string;
  content: Content;
}

/** A file that cannot be used. It does not affect other files. */
interface Unusable {
  path: string;
  /** Its name, if it can be read. */
  name: string;
  /** `invalid_file`, with the line of its first mistake. */
  problem: CoditectError;
}

export interface Files<Content> {
  usable: Read<Content>[];
  unusable: Unusable[];
}

/** A problem that keeps a file from being used. */
export interface FileProblem {
  /** Property names and array indexes from the outside in. */
  path: readonly PropertyKey[];
  message: string;
  /** What it violates: the published schema, or a rule that no schema can express. */
  rule: "schema" | "workflow";
}

const structural = (error: z.ZodError): FileProblem[] =>
  problemsOf(error).map((problem) => ({
    path: problem.path,
    message: describeProblem(problem),
    rule: "schema",
  }));

/** Problems with addresses that contain a name and password, because others read the file. */
const loginsInFile = (value: unknown): FileProblem[] =>
  loginsIn(value).map(({ path, says }) => ({ path, message: says, rule: "workflow" }));

export const problemsOfTeam = (value: unknown): FileProblem[] => {
  const parsed = TeamFile.safeParse(value);
  if (!parsed.success) return structural(parsed.error);
  const members = parsed.data.members.map(({ role, agent_type }) => ({
    role,
    // Problems of a custom type are reported when its agent file is read.
    agent_type: AgentType.safeParse(agent_type).data ?? "Coder",
    agent_id: null,
  }));
  const named = new Set(
    parsed.data.members
      .filter(({ agent, agent_type }) => agent !== undefined || !AgentType.safeParse(agent_type).success)
      .map(({ role }) => role),
  );
  // A team of the project works with the original default agents, even if a user has edited them.
  const ofWorkflow = workflowProblems({ ...parsed.data, members }, ({ role, agent_type }) =>
    named.has(role) ? null : defaultCapabilities(agent_type),
  ).map((problem): FileProblem => ({ ...problem, rule: "workflow" }));
  return [...loginsInFile(value), ...ofWorkflow];
};

/** Types, tools and places of prompts that do not exist. Without this check, a misspelt one has no effect. */
const unknownNames = ({ settings, agent_type, base_type }: AgentFile): FileProblem[] => {
  const ofTypes = problemOfTypes({ agent_type, base_type });
  const types: FileProblem[] =
    ofTypes === null ? [] : [{ path: [ofTypes.path], message: ofTypes.message, rule: "workflow" }];
  const own = new Set(settings?.tool_definitions?.map(({ name }) => name));
  const tools = (settings?.tools ?? []).flatMap((name, index): FileProblem[] =>
    own.has(name) || isToolName(name)
      ? []
      : [{ path: ["settings", "tools", index], message: `there is no tool ${name}`, rule: "workflow" }],
  );
  const prompts = Object.keys(settings?.custom_prompts ?? {}).flatMap((key): FileProblem[] =>
    promptPlaces.some((place) => place === key)
      ? []
      : [
          {
            path: ["settings", "custom_prompts", key],
            message: `there is no prompt ${key}; there are ${promptPlaces.join(", ")}`,
            rule: "workflow",
          },
        ],
  );
  return [...types, ...tools, ...prompts];
};

export const problemsOfAgent = (value: unknown): FileProblem[] => {
  const parsed = AgentFile.safeParse(value);
  if (!parsed.success) return structural(parsed.error);
  return [...loginsInFile(value), ...unknownNames(parsed.data)];
};

/** The value at a path. If it is missing, the innermost value around its place. */
export const nodeAt = (root: ValueNode, path: readonly PropertyKey[]): ValueNode => {
  let node = root;
  for (const part of path) {
    const inner =
      node.type === "Object"
        ? node.members.find(({ name }) => (name.type === "String" ? name.value : name.name) === part)?.value
        : node.type === "Array" && typeof part === "number"
          ? node.elements[part]?.value
          : undefined;
    if (inner === undefined) return node;
    node = inner;
  }
  return node;
};

/** `line` is the line of the first problem, counted from 1, so that an editor can open the file there. */
const invalid = (path: string, problems: string, line: number): CoditectError =>
  new CoditectError("invalid_file", { path, problems, line });

const SyntaxProblem = z.looseObject({ line: z.int().catch(1), message: z.string().catch("") });

/** The line of a syntax error. If a text ends too early, the parser names its first line. */
const lineOf = (error: unknown, text: string): number => {
  const { line, message } = SyntaxProblem.parse(error);
  return message.includes("end of input") ? text.trimEnd().split("\n").length : line;
};

/** The name in a text, which may not be valid JSON. If there is none, the name of the file. */
const nameIn = (path: string, text: string): string =>
  /"name"\s*:\s*"([^"\\\n]+)"/.exec(text)?.[1] ?? posix.basename(path, ".json");

interface Kind<Content> {
  folder: string;
  schema: z.ZodType<Content>;
  problems: (value: unknown) => FileProblem[];
}

/** Error: `invalid_file`. */
const readText = <Content>(path: string, text: string, { schema, problems }: Kind<Content>): Content => {
  let root: ValueNode;
  try {
    root = parse(text).body;
  } catch (error) {
    // The parser's own message quotes the file, which may be a secret that a link has led to.
    const line = lineOf(error, text);
    throw invalid(path, `it is not JSON (line ${line})`, line);
  }
  const value: unknown = evaluate(root);
  const found = problems(value);
  const [first] = found;
  if (first === undefined) return schema.parse(value);
  // A problem from a schema already names its place.
  const told = found.map(({ message, rule, path: at }) =>
    rule === "schema" ? message : `${at.map(String).join(".")}: ${message}`,
  );
  throw invalid(path, told.join("; "), nodeAt(root, first.path).loc.start.line);
};

/** Reads `.coditect/<folder>/*.json`. Errors: those of {@link configurationFiles}. */
const readAll = async <Content>(workspace: string, kind: Kind<Content>): Promise<Files<Content>> => {
  const files = await Promise.resolve(configurationFiles(workspace));
  const read: Files<Content> = { usable: [], unusable: [] };
  for (const { path, bytes } of files) {
    if (posix.dirname(path) !== `.coditect/${kind.folder}` || !path.endsWith(".json")) continue;
    const text = textOf(bytes);
    try {
      read.usable.push({ path, content: readText(path, text, kind) });
    } catch (error) {
      if (!(error instanceof CoditectError)) throw error;
      read.unusable.push({ path, name: nameIn(path, text), problem: error });
    }
  }
  return read;
};

const agentKind: Kind<AgentFile> = { folder: "agents", schema: AgentFile, problems: problemsOfAgent };
const teamKind: Kind<TeamFile> = { folder: "teams", schema: TeamFile, problems: problemsOfTeam };

/** The agents of `.coditect/agents/`, in version control with the project. */
export const readAgentFiles = (workspace: string): Promise<Files<AgentFile>> => readAll(workspace, agentKind);

/** The teams of `.coditect/teams/`. */
export const readTeamFiles = (workspace: string): Promise<Files<TeamFile>> => readAll(workspace, teamKind);
