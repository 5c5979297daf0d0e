import { TeamFile } from "../../../schemas/team.ts";
import { type ConfigurationFile, textOf } from "../../workspace/configuration.ts";

/** What a configuration asks the user for, collected from all its files. */
interface Wanted {
  hosts: Set<string>;
  commands: Set<string>;
  tools: Set<string>;
  prompts: number;
}

const commandFields: ReadonlySet<string> = new Set(["command", "test_command", "allowed_commands"]);
const promptFields: ReadonlySet<string> = new Set(["prompt", "custom_prompts"]);
const MOST_DEPTH = 64;

const textsOf = (value: unknown): string[] =>
  typeof value === "string"
    ? [value]
    : Array.isArray(value)
      ? value.filter((item) => typeof item === "string")
      : [];

/** Reads every field of every file, so that fields of later versions are described, too. */
const gather = (value: unknown, wanted: Wanted, depth = 0): void => {
  if (typeof value !== "object" || value === null || depth > MOST_DEPTH) return;
  for (const [name, field] of Object.entries(value)) {
    if (commandFields.has(name)) {
      const args: unknown = name === "command" ? Reflect.get(value, "args") : null;
      wanted.commands.add([...textsOf(field), ...textsOf(args)].join(" "));
    }
    if (name === "tools") for (const tool of textsOf(field)) wanted.tools.add(tool);
    if (promptFields.has(name)) wanted.prompts += countOf(field);
    if (name === "allowed_hosts") for (const host of textsOf(field)) wanted.hosts.add(host);
    for (const text of textsOf(field)) {
      const address = /^(?:https?|wss?):\/\//.test(text) ? URL.parse(text) : null;
      if (address !== null) wanted.hosts.add(address.host);
    }
    gather(field, wanted, depth + 1);
  }
};

const countOf = (field: unknown): number =>
  typeof field === "object" && field !== null ? Object.keys(field).length : 1;

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return null; // The file is not used, and its reader reports the error.
  }
};

const MOST_SHOWN = 10;
const LONGEST = 200;

const list = (what: string, items: Iterable<string>): string[] => {
  const all = [...items].map((item) => (item.length > LONGEST ? `${item.slice(0, LONGEST)}…` : item));
  const more = all.length > MOST_SHOWN ? ` and ${all.length - MOST_SHOWN} more` : "";
  return all.length === 0 ? [] : [`${what} ${all.slice(0, MOST_SHOWN).join(", ")}${more}`];
};

/**
 * Whether these files contain only teams, and the teams name no agents, hosts, commands or tools. Such a team may
 * do what a built-in one may, so a user who names it on the command line need not confirm it. This does not apply
 * to the name of a built-in team, because it may not mean the file's team.
 */
export const areOrdinaryTeams = (
  files: readonly ConfigurationFile[],
  builtIn: ReadonlySet<string>,
): boolean =>
  files.every(({ path, bytes }) => {
    if (!/^\.coditect\/teams\/[^/]+\.json$/.test(path)) return false;
    const team = TeamFile.safeParse(parse(textOf(bytes)));
    return (
      team.success &&
      !builtIn.has(team.data.name) &&
      team.data.members.every(({ agent }) => agent === undefined) &&
      team.data.workflow_stages.every(({ tools }) => tools === null)
    );
  });

/** Describes the hosts, commands, tools and prompts in the files of `.coditect/`, so that a person can judge them. */
export const describeConfiguration = (files: readonly ConfigurationFile[]): string => {
  const wanted: Wanted = { hosts: new Set(), commands: new Set(), tools: new Set(), prompts: 0 };
  for (const { bytes } of files) gather(parse(textOf(bytes)), wanted);
  return [
    ...list(
      "the files",
      files.map(({ path }) => path),
    ),
    ...list("the hosts", wanted.hosts),
    ...list("the commands", wanted.commands),
    ...list("the tools", wanted.tools),
    `${wanted.prompts} ${wanted.prompts === 1 ? "prompt" : "prompts"}`,
  ].join("; ");
};
