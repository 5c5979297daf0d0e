import { resolveSpecifier } from "./javascript.ts";
import { membersOf, moduleFacts, type ModuleFacts, type TakenName } from "./module-facts.ts";
import type { WorkspaceIndex } from "./workspace-index.ts";

/** Longest chain of re-exports that is followed. */
const MOST_STEPS = 20;

const known = new WeakMap<WorkspaceIndex, Map<string, ModuleFacts>>();

/** Each module is read once for an index. */
const factsOf = (path: string, index: WorkspaceIndex): ModuleFacts => {
  const facts = known.get(index) ?? new Map<string, ModuleFacts>();
  known.set(index, facts);
  const found = facts.get(path) ?? moduleFacts(index.read(path) ?? "");
  facts.set(path, found);
  return found;
};

/** The file that defines the export of `path` with this name; null if its text shows no such export. */
const definitionIn = (
  path: string,
  name: string,
  index: WorkspaceIndex,
  seen: Set<string>,
): string | null => {
  const step = `${path}\0${name}`;
  if (seen.has(step) || seen.size > MOST_STEPS) return null;
  seen.add(step);
  const { imports, passedOn, passedOnWhole, exports } = factsOf(path, index);
  const follow = ({ name: there, specifier }: TakenName): string | null => {
    const target = resolveSpecifier(specifier, path, index);
    if (target === null || there === "*") return target;
    return definitionIn(target, there, index, seen) ?? target;
  };
  const passed = passedOn.get(name);
  if (passed !== undefined) return follow(passed);
  const own = exports.get(name);
  if (own !== undefined) {
    const imported = imports.get(own);
    return imported === undefined ? path : (follow(imported) ?? path);
  }
  for (const specifier of passedOnWhole) {
    if (seen.size > MOST_STEPS) return null;
    const target = resolveSpecifier(specifier, path, index);
    const found = target === null ? null : definitionIn(target, name, index, seen);
    if (found !== null) return found;
  }
  return null;
};

/**
 * The workspace's files in which the names that a JavaScript or TypeScript text imports are defined,
 * through every module that only re-exports them; each once, in order.
 */
export const definitionsOf = (path: string, text: string, index: WorkspaceIndex): string[] => {
  const found = new Set<string>();
  for (const [here, { name, specifier }] of factsOf(path, index).imports) {
    const target = resolveSpecifier(specifier, path, index);
    if (target === null) continue;
    const names = name === "*" ? membersOf(here, text) : [name];
    for (const each of names) found.add(definitionIn(target, each, index, new Set()) ?? target);
  }
  found.delete(path);
  return [...found];
};

/** The exported names of a module, which other files may also import through another module. */
export const exportedNames = (path: string, index: WorkspaceIndex): string[] =>
  [...factsOf(path, index).exports.keys()].filter((name) => name !== "default");
