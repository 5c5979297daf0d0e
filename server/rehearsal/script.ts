import { readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { z } from "zod";
import { AgentType } from "../../schemas/agent.ts";
import { fail } from "../../schemas/errors.ts";
import { Json, WorkspacePath } from "../../schemas/primitives.ts";
import { describeProblems } from "../../schemas/problems.ts";

/** One answer: what the model says, then the tools it calls. */
const Turn = z.strictObject({
  text: z.string().default(""),
  tool_calls: z.array(z.strictObject({ tool: z.string().min(1), arguments: Json })).default([]),
});
export type Turn = z.infer<typeof Turn>;

const Round = z.array(Turn).min(1);
const Rounds = z.union([Round.transform((turns) => [turns]), z.array(Round).min(1)]);

const Agents = z.record(z.string(), Rounds).superRefine((agents, context) => {
  const allowed = new RegExp(`^(${AgentType.options.join("|")})(/[a-z][a-z0-9-]*)?$`);
  for (const name of Object.keys(agents).filter((key) => !allowed.test(key)))
    context.addIssue({
      code: "custom",
      path: [name],
      message: `must be <AgentType> or <AgentType>/<stage>; agent types are ${AgentType.options.join(", ")}`,
    });
});

/**
 * What the rehearsal model answers: a JSON file that a person can read and write.
 *
 *     {
 *       "description": "What this rehearsal shows.",
 *       "task": "What is asked when the user names no task.",
 *       "file": "src/bill.js",
 *       "agents": {
 *         "Reviewer": [ turn, turn ],
 *         "Coder": [ [ turn, turn ], [ turn ] ],
 *         "Architecture/decide": [ turn ]
 *       }
 *     }
 *
 * - A **turn** is `{ "text"?, "tool_calls"?: [{ "tool", "arguments" }] }`: one answer of the model.
 * - An agent has a list of turns, or, if its stage may be sent back, a list of **rounds**, each a
 *   list of turns. Later rounds than the script has are answered with its last one.
 * - `<AgentType>/<stage>` goes before `<AgentType>`, for teams in which one agent does several
 *   stages.
 * - A server with several scripts plays the one whose `task` is in the prompt; for other tasks,
 *   the first that has an answer for the agent and its stage.
 * - Anywhere in `arguments`, `{ "$lines": ["…", "…"] }` is those lines joined by line feeds
 *   and `{ "$file": "path" }` for the text of a file next to the script.
 *
 * Which turn is asked for is read from the request alone, so the server keeps no state and a
 * resumed run continues where it was:
 *
 * - agent: `Agent: <AgentType>`, the first line of the system message;
 * - stage: the line `Stage: <name>` there;
 * - round: the line `Round: <n>` there, counted from 1; without one it is the first;
 * - turn: the number of the model's messages in the request, plus one.
 */
export const RehearsalScript = z.strictObject({
  $schema: z.string().optional(),
  description: z.string().default(""),
  task: z.string().default(""),
  file: WorkspacePath.nullable().default(null),
  data: Json.nullable().default(null),
  agents: Agents,
});
export type RehearsalScript = z.infer<typeof RehearsalScript>;

/** The place of a request in a script; `round` and `turn` count from 1. */
export interface Position {
  agent: string;
  stage: string | null;
  round: number;
  turn: number;
}

const roundsOf = ({ agents }: RehearsalScript, { agent, stage }: Pick<Position, "agent" | "stage">) =>
  (stage === null ? undefined : agents[`${agent}/${stage}`]) ?? agents[agent];

/** The answer at a position, or null where the script has none. */
export const turnAt = (script: RehearsalScript, position: Position): Turn | null => {
  const rounds = roundsOf(script, position);
  const turns = rounds?.[position.round - 1] ?? rounds?.at(-1);
  return turns?.[position.turn - 1] ?? null;
};

/** The script that is played for a prompt; undefined if none knows the agent. */
export const chooseScript = (
  scripts: readonly RehearsalScript[],
  prompt: string,
  position: Position,
): RehearsalScript | undefined =>
  scripts.find(({ task }) => task !== "" && prompt.includes(task)) ??
  scripts.find((script) => roundsOf(script, position) !== undefined);

const Lines = z.strictObject({ $lines: z.array(z.string()) });
const File = z.strictObject({ $file: WorkspacePath });

const readText = async (folder: string, path: string): Promise<string> => {
  try {
    return await readFile(join(folder, path), "utf8");
  } catch (error) {
    throw fail("file_not_found", { path, workspace: folder }, { cause: error });
  }
};

/** Puts text in the place of `$lines` and `$file`; paths count from `folder`. */
const resolveTexts = async (value: Json, folder: string): Promise<Json> => {
  if (value === null || typeof value !== "object") return value;
  const lines = Lines.safeParse(value);
  if (lines.success) return lines.data.$lines.join("\n");
  const file = File.safeParse(value);
  if (file.success) return await readText(folder, file.data.$file);
  if (Array.isArray(value)) return await Promise.all(value.map((item) => resolveTexts(item, folder)));
  const entries = Object.entries(value).map(async ([name, item]) => [name, await resolveTexts(item, folder)]);
  return z.record(z.string(), Json).parse(Object.fromEntries(await Promise.all(entries)));
};

/** Reads a script and the files it names. Throws `file_not_found` or `invalid_file`. */
export const loadScript = async (path: string): Promise<RehearsalScript> => {
  const folder = dirname(path);
  const written = await readText(folder, basename(path));
  try {
    return RehearsalScript.parse(await resolveTexts(Json.parse(JSON.parse(written)), folder));
  } catch (error) {
    if (error instanceof z.ZodError)
      throw fail(
        "invalid_file",
        { path: basename(path), problems: describeProblems(error) },
        { cause: error },
      );
    if (error instanceof SyntaxError)
      throw fail("invalid_file", { path: basename(path), problems: error.message }, { cause: error });
    throw error;
  }
};
