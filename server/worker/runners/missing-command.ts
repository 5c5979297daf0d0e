import type { TestReport } from "../../../schemas/tests.ts";
import type { EnvironmentProblem } from "./broken-toolchain.ts";
import { nodeInstall, pythonInstall } from "./installs.ts";
import { readPackage } from "./package.ts";

/** How shells, make and Python's task runners say that a program does not exist. Its name is the group. */
const notFound = [
  /^(?:\/bin\/)?(?:ba|da|a)?sh: (?:line )?(?:\d+: )?([\w.@+-]+): (?:command )?not found$/m,
  /^zsh:(?:\d+:)? command not found: ([\w.@+-]+)$/m,
  /^(?:make|gmake)(?:\[\d+\])?: ([\w.@+-]+): No such file or directory$/m,
  /^task: .*"([\w.@+-]+)": executable file not found/m,
  /^'([\w.@+-]+)' is not recognized as an internal or external command/m,
];
/** Messages of tools that end with another exit code than a shell. */
const alwaysNotFound = [
  /\bcould not find executable ([\w.@+-]+)$/m,
  /^nox > Program ([\w.@+-]+) not found\.$/m,
  /^"([\w.@+-]+)": executable file not found in \$PATH$/m,
];
/** The exit code of a shell that does not find a program, as make, just, doit and others print it. */
const says127 = /\b(?:Error|exit (?:code|status)|returned) 127\b/;

/** Programs that run tasks or tests of a project, and how to install each. */
const installs: Readonly<Record<string, { debian: string; homebrew?: string } | { page: string } | "pipx">> =
  {
    tox: "pipx",
    nox: "pipx",
    hatch: "pipx",
    poetry: "pipx",
    pdm: "pipx",
    uv: "pipx",
    pipenv: "pipx",
    invoke: "pipx",
    doit: "pipx",
    make: { debian: "make" },
    cmake: { debian: "cmake" },
    ninja: { debian: "ninja-build", homebrew: "ninja" },
    just: { page: "https://just.systems" },
    task: { page: "https://taskfile.dev" },
    mix: { debian: "elixir" },
    swift: { page: "https://www.swift.org/install" },
  };

const mendOf = (root: string, name: string): string => {
  const install = Object.hasOwn(installs, name) ? installs[name] : undefined;
  const run = (command: string): string => `Run \`${command}\`.`;
  const manifest = readPackage(root);
  if (name === "pytest") return `Run \`${pythonInstall(root, "pytest")}\` in the project.`;
  if (manifest !== null && name in { ...manifest.dependencies, ...manifest.devDependencies })
    return `Run \`${nodeInstall(root, name)}\` in the project.`;
  if (install === undefined)
    return `Install ${name}, or use --test-command to name a command that works without it.`;
  if (install === "pipx") return run(`pipx install ${name}`);
  if ("page" in install) return `Install ${name}: ${install.page}.`;
  const { debian, homebrew = name } = install;
  return run(process.platform === "darwin" ? `brew install ${homebrew}` : `sudo apt-get install ${debian}`);
};

/** The part of the project that starts the program. */
const starterOf = ({ command, output }: TestReport): string => {
  if (/^(npm|pnpm|yarn|bun)$/.test(command[0] ?? "")) return "the test script in package.json";
  const tool = /^(make|gmake|nox|task)\b(?:\[\d+\])?(?::| >)/m.exec(output);
  const files: Readonly<Record<string, string>> = {
    make: "Makefile",
    gmake: "Makefile",
    nox: "noxfile.py",
    task: "Taskfile",
  };
  return files[tool?.[1] ?? ""] ?? "the test command";
};

/**
 * The problem that a command, of which only the exit code is known, does not find a program that it or one of its
 * tasks starts. Null if it found all.
 */
export const missingCommand = (root: string, report: TestReport): EnvironmentProblem | null => {
  const { runner, outcome, exit_code, output, counts } = report;
  if (runner !== "command" || outcome === "passed" || counts.passed > 0) return null;
  const is127 = exit_code === 127 || says127.test(output);
  const name = [...(is127 ? notFound : []), ...alwaysNotFound]
    .map((pattern) => pattern.exec(output)?.[1])
    .find((found) => found !== undefined);
  if (name === undefined) return null;
  return {
    problem: `${name}, which ${starterOf(report)} starts, is not installed`,
    mend: mendOf(root, name),
  };
};
