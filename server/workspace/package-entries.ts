import { join } from "node:path";
import { z } from "zod";
import { withoutByteOrderMark } from "../../schemas/plain-text.ts";
import { readSettingFile } from "./git.ts";
import { closesToAgents } from "./ignore.ts";

const Targets: z.ZodType<Targets> = z.lazy(() =>
  z.union([z.string(), z.null(), z.boolean(), z.array(Targets), z.record(z.string(), Targets)]),
);
type Targets = string | null | boolean | Targets[] | { [name: string]: Targets };

const Names = z.record(z.string(), z.unknown()).catch({});
const entryFields = ["main", "module", "browser", "types", "typings", "bin", "exports", "imports", "source"];

/** The fields of a package.json that name files; `null` if there is none that can be read. */
const manifestOf = (folder: string): Record<string, unknown> | null => {
  const text = readSettingFile(join(folder, "package.json"));
  try {
    return text === null
      ? null
      : z.record(z.string(), z.unknown()).parse(JSON.parse(withoutByteOrderMark(text)));
  } catch {
    return null;
  }
};

/**
 * The topmost folders and files of a package that its entries lead to: `dist` for
 * `"exports": "./dist/index.js"`. They are often built, and ignored by git.
 */
export const entryPlaces = (folder: string): string[] => {
  const manifest = manifestOf(folder);
  if (manifest === null) return [];
  const targets = entryFields.flatMap((field) => leavesOf(Targets.catch(null).parse(manifest[field])));
  const files = z.array(z.string()).catch([]).parse(manifest.files);
  const places = [...targets, ...files].flatMap(
    (target) => /^(?:\.\/)?([^./*!][^/*]*)/.exec(target)?.[1] ?? [],
  );
  return [...new Set(places)].filter((place) => place !== "node_modules");
};

/**
 * Whether an entry of a package is built: git ignores it by `rule`, and nobody closed it to agents. Users of
 * the package need it, so it is shown to agents and copied.
 */
export const isBuiltEntry = (rule: string | null): boolean =>
  rule !== null && !rule.startsWith("the built-in list") && !closesToAgents(rule);

const leavesOf = (targets: Targets): string[] => {
  if (typeof targets === "string") return [targets];
  if (typeof targets !== "object" || targets === null) return [];
  return Object.values(targets).flatMap(leavesOf);
};

/** Names of the packages that a package says it uses. */
export const dependencyNames = (folder: string): string[] => {
  const manifest = manifestOf(folder) ?? {};
  const fields = ["dependencies", "devDependencies", "peerDependencies", "optionalDependencies"];
  return [...new Set(fields.flatMap((field) => Object.keys(Names.parse(manifest[field]))))];
};
