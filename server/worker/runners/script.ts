/** How a project's own script starts a program. */
export interface ScriptCommand {
  env: Record<string, string>;
  /** What stands before the runner's name: `node` with its flags, wrappers. */
  before: string[];
  /** The runner's name as it stands there, often with a path. */
  name: string;
  /** Everything after the runner's name. */
  args: string[];
}

export const emptyScript: ScriptCommand = { env: {}, before: [], name: "", args: [] };

/** The flags for Node in `node --experimental-vm-modules …/jest.js`; none without a `node`. */
export const nodeFlags = ({ before }: ScriptCommand): string[] =>
  before.includes("node") ? before.slice(before.indexOf("node") + 1) : [];

const word = /(?:[^\s"'&|;]|"[^"]*"|'[^']*')+|&&|\|\||[;|&]/g;
const separator = /^(&&|\|\||[;|&])$/;
const assignment = /^([A-Za-z_]\w*)=(.*)$/s;
const packageManager = /^(npm|pnpm|yarn|bun)$/;
const deepestReference = 4;

/** The commands of a shell line, each as its words without their quotes. */
function commandsOf(line: string): string[][] {
  const commands: string[][] = [[]];
  for (const [token] of line.matchAll(word)) {
    if (separator.test(token)) commands.push([]);
    else commands.at(-1)?.push(token.replace(/"([^"]*)"|'([^']*)'/g, "$1$2"));
  }
  return commands.filter((command) => command.length > 0);
}

/** The script another one starts: `npm run unit`, `yarn unit`; `null` if it starts none. */
function referredScript(command: readonly string[], scripts: Record<string, string>): string | null {
  if (!packageManager.test(command[0] ?? "")) return null;
  const name = command.slice(1).find((argument) => argument !== "run" && !argument.startsWith("-"));
  return name === undefined ? null : (scripts[name] ?? null);
}

/**
 * Finds in the script `name` of a package the first command for which `find` gives the place of a
 * runner among its words, and follows `npm run …` on the way. `null`: there is none.
 */
export function findCommand(
  scripts: Record<string, string>,
  name: string,
  find: (words: readonly string[]) => number,
): ScriptCommand | null {
  const search = (line: string, depth: number): ScriptCommand | null => {
    for (const words of commandsOf(line)) {
      const place = find(words);
      if (place >= 0) return commandAt(words, place);
      const referred = depth < deepestReference ? referredScript(words, scripts) : null;
      const found = referred === null ? null : search(referred, depth + 1);
      if (found !== null) return found;
    }
    return null;
  };
  const line = scripts[name];
  return line === undefined ? null : search(line, 0);
}

function commandAt(words: readonly string[], place: number): ScriptCommand {
  const env: Record<string, string> = {};
  const before: string[] = [];
  for (const token of words.slice(0, place)) {
    const [, variable, value] = assignment.exec(token) ?? [];
    if (variable !== undefined && value !== undefined) env[variable] = value;
    else before.push(token);
  }
  return { env, before, name: words[place] ?? "", args: words.slice(place + 1) };
}

/** What the arguments of a runner mean to us. */
export interface ArgumentRules {
  /** Flags whose value is the next word. */
  valued: ReadonlySet<string>;
  /** Flags that are ours to set, or that would watch, stop early or change the report. */
  dropped: RegExp;
}

/** A script's arguments without what is ours to set; `patterns` say which tests it runs. */
export function splitArguments(
  args: readonly string[],
  { valued, dropped }: ArgumentRules,
): { flags: string[]; patterns: string[] } {
  const flags: string[] = [];
  const patterns: string[] = [];
  for (let index = 0; index < args.length; index += 1) {
    const argument = args[index] ?? "";
    if (argument === "--") continue;
    if (!argument.startsWith("-")) {
      patterns.push(argument);
      continue;
    }
    const flag = argument.split("=", 1)[0] ?? argument;
    const takesNext = !argument.includes("=") && valued.has(flag);
    const value = takesNext ? args[(index += 1)] : undefined;
    if (dropped.test(flag)) continue;
    flags.push(argument, ...(value === undefined ? [] : [value]));
  }
  return { flags, patterns };
}
