import { posix } from "node:path";
import type { WorkspaceIndex } from "./workspace-index.ts";

const configuration =
  /^(package\.json|[jt]sconfig\.json|deno\.jsonc?|(vitest|vite|jest|mocha|playwright|cypress)\.config\.\w+|\.mocharc\.\w+|jest\.setup\.\w+|pyproject\.toml|pytest\.ini|setup\.cfg|tox\.ini|conftest\.py|go\.mod|Cargo\.toml|pom\.xml|build\.gradle(\.kts)?|composer\.json|Gemfile|Makefile)$/;

/** Files in which projects tell agents and people what to know first. */
const documentation = /^(CLAUDE|README|CONTRIBUTING)\.(md|rst|txt)$/i;

/** Whether a file is one of these names, wherever it is, or of these paths from the root. */
const isInstructionFile = (path: string, files: readonly string[]): boolean =>
  files.some((file) => {
    const other = file.includes("/") ? path : posix.basename(path);
    return other.toLowerCase() === file.toLowerCase();
  });

const isInstructionPath = (path: string, files: readonly string[]): boolean =>
  isInstructionFile(
    path,
    files.filter((file) => file.includes("/")),
  );

/** Instructions, configuration and documentation for a file, in its folder and each above it: the nearest first. */
export const surroundingsOf = (
  path: string | null,
  index: WorkspaceIndex,
  instructionFiles: readonly string[],
): { instructions: string[]; configuration: string[]; documentation: string[] } => {
  const folders = new Set(["."]);
  for (let at = path === null ? "." : posix.dirname(path); at !== "."; at = posix.dirname(at))
    folders.add(at);
  const depth = (other: string): number => other.split("/").length;
  const around = [...index.paths]
    .filter((other) => other !== path && folders.has(posix.dirname(other)))
    .sort((one, other) => depth(other) - depth(one) || (one < other ? -1 : 1));
  return {
    instructions: [
      ...around.filter((other) => isInstructionFile(other, instructionFiles)),
      ...[...index.paths].filter(
        (other) => other !== path && !around.includes(other) && isInstructionPath(other, instructionFiles),
      ),
    ],
    configuration: around.filter((other) => configuration.test(posix.basename(other))),
    documentation: around.filter((other) => documentation.test(posix.basename(other))),
  };
};
