import { posix } from "node:path";
import { z } from "zod";
import { matchStar, nearest, readConfiguration } from "./configuration.ts";
import type { WorkspaceIndex } from "./workspace-index.ts";

/** Most configurations that one extends, directly or through others. */
const MOST_PARENTS = 20;

const TypeScriptConfig = z.object({
  extends: z.union([z.string(), z.array(z.string())]).optional(),
  compilerOptions: z
    .object({ baseUrl: z.string().optional(), paths: z.record(z.string(), z.array(z.string())).optional() })
    .optional(),
});

interface Aliases {
  baseUrl: string | null;
  paths: { folder: string; targets: Readonly<Record<string, readonly string[]>> } | null;
}

/**
 * The settings for module names in a configuration and in those that it extends; its own take precedence.
 * `seen`: the configurations that were read. Each is read once, however many others extend it.
 */
const aliasesOf = (path: string, index: WorkspaceIndex, seen = new Set<string>()): Aliases => {
  const isRead = seen.has(path) || seen.size > MOST_PARENTS;
  const config = isRead ? null : readConfiguration(path, TypeScriptConfig, index);
  if (config === null) return { baseUrl: null, paths: null };
  seen.add(path);
  const folder = posix.dirname(path);
  const { baseUrl, paths } = config.compilerOptions ?? {};
  const own: Aliases = {
    baseUrl: baseUrl === undefined ? null : posix.join(folder, baseUrl),
    paths: paths === undefined ? null : { folder: posix.join(folder, baseUrl ?? "."), targets: paths },
  };
  for (const parent of [config.extends ?? []].flat().reverse()) {
    if (own.baseUrl !== null && own.paths !== null) break;
    if (!parent.startsWith(".")) continue;
    const at = posix.join(folder, parent);
    const inherited = aliasesOf(index.paths.has(at) ? at : `${at}.json`, index, seen);
    own.baseUrl ??= inherited.baseUrl;
    own.paths ??= inherited.paths;
  }
  return own;
};

/** Possible targets of a name by `paths` and `baseUrl` of the nearest tsconfig.json and those that it extends. */
export const aliasTargets = (name: string, folder: string, index: WorkspaceIndex): string[] => {
  const config = nearest("tsconfig.json", folder, index) ?? nearest("jsconfig.json", folder, index);
  if (config === null) return [];
  const { baseUrl, paths } = aliasesOf(config.path, index);
  const mapped = Object.entries(paths?.targets ?? {}).flatMap(([pattern, targets]) => {
    const star = matchStar(pattern, name);
    return star === null
      ? []
      : targets.map((target) => posix.join(paths?.folder ?? ".", target.replace("*", star)));
  });
  return baseUrl === null ? mapped : [...mapped, posix.join(baseUrl, name)];
};
