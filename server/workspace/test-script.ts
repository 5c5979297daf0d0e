import { judges, startsCheck } from "./checks.ts";
import { globFilter } from "./glob.ts";

/** How a project's own script starts a program. */
export interface ScriptCommand {
  env: Record<string, string>;
  /** What comes before the runner's name: `node` with its flags, wrappers. */
  before: string[];
  /** The runner's name in the script, often with a path. */
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
/** Programs that run scripts of the package by their names: of `npm-run-all`, `concurrently`, `wireit`. */
const scriptRunner = /^(npm-run-all|npm-run-all2|run-s|run-p|nps)$/;
const deepestReference = 4;

/** One command of a shell line. */
interface Command {
  /** Its words without their quotes. */
  words: string[];
  /** As it is written. */
  text: string;
}

/** The commands of a shell line, in order. */
const commandsOf = (line: string): Command[] => {
  const commands: Command[] = [];
  let begin = 0;
  let words: string[] = [];
  const end = (at: number): void => {
    if (words.length > 0) commands.push({ words, text: line.slice(begin, at).trim() });
    words = [];
  };
  for (const { 0: token, index } of line.matchAll(word)) {
    if (separator.test(token)) {
      end(index);
      begin = index + token.length;
    } else words.push(token.replace(/"([^"]*)"|'([^']*)'/g, "$1$2"));
  }
  end(line.length);
  return commands;
};

/** Names of the package's scripts that a command starts: `npm run unit`, `run-s build test:*`. */
const referredScripts = (words: readonly string[], scripts: Record<string, string>): string[] => {
  const [program = "", ...rest] = words;
  const names = rest.filter((argument) => argument !== "run" && !argument.startsWith("-"));
  if (packageManager.test(program)) return names.slice(0, 1).filter((name) => name in scripts);
  if (!scriptRunner.test(program)) return [];
  return names.flatMap((name) => {
    const pattern = new RegExp(`^${name.split("*").map(escapeRegExp).join("[^]*")}$`);
    return Object.keys(scripts).filter((script) => pattern.test(script));
  });
};

const escapeRegExp = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");

/** A command of a test script that starts a runner. */
export interface RunnerStep {
  command: ScriptCommand;
  /** What the script runs before it that tests may need, each as a line for a shell. No runners, no checks of style. */
  before: string[];
}

/**
 * Finds in the script `name` of a package, with the scripts npm runs around it, every command for
 * which `find` gives the place of a runner among its words. Follows `npm run …` and its like.
 */
export const runnerSteps = (
  scripts: Record<string, string>,
  name: string,
  find: (words: readonly string[]) => number,
): RunnerStep[] => {
  const steps: RunnerStep[] = [];
  const before: string[] = [];
  const search = (script: string, depth: number): void => {
    for (const each of [`pre${script}`, script, `post${script}`])
      for (const { words, text } of commandsOf(scripts[each] ?? "")) {
        const place = find(words);
        if (place >= 0) {
          steps.push({ command: commandAt(words, place), before: [...before] });
          continue;
        }
        const known = steps.length;
        const referred = depth < deepestReference ? referredScripts(words, scripts) : [];
        const steppedBack = before.length;
        for (const other of referred) search(other, depth + 1);
        if (steps.length > known) continue;
        const isCheck = referred.length > 0 ? before.length === steppedBack : judges(words, text);
        const onlyChecks = isCheck || startsCheck(words);
        // The command contains no runner, so it is one step as written.
        before.splice(steppedBack, before.length, ...(onlyChecks ? [] : [text]));
      }
  };
  search(name, 0);
  return steps;
};

/** The first of {@link runnerSteps}; `null`: there is none. */
export const findCommand = (
  scripts: Record<string, string>,
  name: string,
  find: (words: readonly string[]) => number,
): ScriptCommand | null => runnerSteps(scripts, name, find)[0]?.command ?? null;

/** Whether the patterns of a runner's command match the file; null if it has none. */
export const coversFile = (patterns: readonly string[], file: string): boolean | null => {
  const paths = patterns
    .filter((pattern) => !subcommand.test(pattern))
    .map((pattern) => pattern.replace(/^\.\//, ""));
  if (paths.length === 0) return null;
  return paths.some(
    (pattern) =>
      file.includes(pattern.replace(/\/$/, "")) || globFilter(pattern)(file) || matchesRegExp(file, pattern),
  );
};

const subcommand = /^(run|watch|dev|test)$/;

const matchesRegExp = (file: string, pattern: string): boolean => {
  try {
    return new RegExp(pattern).test(file);
  } catch {
    return false;
  }
};

const commandAt = (words: readonly string[], place: number): ScriptCommand => {
  const env: Record<string, string> = {};
  const before: string[] = [];
  for (const token of words.slice(0, place)) {
    const [, variable, value] = assignment.exec(token) ?? [];
    if (variable !== undefined && value !== undefined) env[variable] = value;
    else before.push(token);
  }
  return { env, before, name: words[place] ?? "", args: words.slice(place + 1) };
};

/** What the arguments of a runner mean to us. */
export interface ArgumentRules {
  /** Flags whose value is the next word. */
  valued: ReadonlySet<string>;
  /** Flags that we set ourselves, or that would watch, stop early or change the report. */
  dropped: RegExp;
}

/** Rules that also drop these flags; the next word is the value of the `valued` ones. */
export const alsoDropping = (
  rules: ArgumentRules,
  { valued, others }: { valued: readonly string[]; others: readonly string[] },
): ArgumentRules => ({
  valued: new Set([...rules.valued, ...valued]),
  dropped: new RegExp(`${rules.dropped.source}|^(${[...valued, ...others].join("|")})$`, rules.dropped.flags),
});

/** A script's arguments without those that we set ourselves; `patterns` say which tests it runs. */
export const splitArguments = (
  args: readonly string[],
  { valued, dropped }: ArgumentRules,
): { flags: string[]; patterns: string[] } => {
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
};
