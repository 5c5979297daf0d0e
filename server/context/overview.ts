import { posix } from "node:path";
import { z } from "zod";
import type { ContextItem } from "../../schemas/execution.ts";
import { classifyPath } from "../workspace/classify.ts";
import type { WorkspaceIndex } from "./workspace-index.ts";

/** Lines of the map of a workspace; a folder that would take more is one line. */
const MOST_LINES = 60;
const MOST_NAMES = 12;
const MOST_TESTS = 8;

const Scripts = z.object({ scripts: z.record(z.string(), z.string()).default({}) });

const TESTING_ITEM = "how tests are run here";
const MAP_ITEM = "map of the workspace";

/** Names of the items of {@link overviewOf}. */
export const overviewItems = [TESTING_ITEM, MAP_ITEM];

/** What an agent that writes tests must know about a project and finds in no single file. */
export const overviewOf = (path: string | null, index: WorkspaceIndex): ContextItem[] => [
  {
    context_type: "DataFile",
    name: TESTING_ITEM,
    content: testing(path, index),
    mime_type: "text/plain",
  },
  {
    context_type: "DataFile",
    name: MAP_ITEM,
    content: mapOf(index.paths),
    mime_type: "text/plain",
  },
];

/** The script that runs the tests, and the folders with tests, those nearest to the file first. */
const testing = (path: string | null, index: WorkspaceIndex): string => {
  const tests = [...index.paths].filter(
    (each) => classifyPath(each, index.layout) === "test" && /\.\w+$/.test(each),
  );
  const near = nearest(path ?? "", tests).slice(0, MOST_TESTS);
  const where =
    near.length === 0 ? ["There are no tests yet."] : ["Tests that are there, the nearest first:", ...near];
  const { written } = index.layout;
  const collected =
    written.length === 0 ? [] : [`Test files match: ${written.slice(0, MOST_TESTS).join(", ")}`];
  return [...testScript(path, index), ...collected, ...where].join("\n");
};

const testScript = (path: string | null, index: WorkspaceIndex): string[] => {
  for (const folder of foldersUp(path === null ? "." : posix.dirname(path))) {
    const file = folder === "." ? "package.json" : `${folder}/package.json`;
    const text = index.read(file);
    if (text === null) continue;
    const parsed = Scripts.safeParse(parsedJson(text));
    const script = parsed.success ? parsed.data.scripts.test : undefined;
    if (script !== undefined) return [`npm test in ${folder === "." ? "the root" : folder} runs: ${script}`];
  }
  const settings = [
    "pytest.ini",
    "pyproject.toml",
    "setup.cfg",
    "tox.ini",
    "Cargo.toml",
    "go.mod",
    "pom.xml",
  ];
  const found = settings.filter((name) => index.paths.has(name));
  return found.length === 0 ? [] : [`Tests are configured in: ${found.join(", ")}`];
};

const parsedJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
};

const foldersUp = (folder: string): string[] =>
  folder === "." ? ["."] : [folder, ...foldersUp(posix.dirname(folder))];

/** A test next to the file, as an example for others; `null` when there is none. */
export const neighbouringTest = (path: string, index: WorkspaceIndex): string | null => {
  const extension = posix.extname(path);
  const tests = [...index.paths].filter(
    (each) => each.endsWith(extension) && classifyPath(each, index.layout) === "test",
  );
  return nearest(path, tests)[0] ?? null;
};

const nearest = (path: string, others: readonly string[]): string[] => {
  const home = posix.dirname(path).split("/");
  const shared = (other: string): number => {
    const folders = other.split("/");
    let count = 0;
    while (count < home.length && folders[count] === home[count]) count += 1;
    return count;
  };
  return others.toSorted((one, other) => shared(other) - shared(one) || (one < other ? -1 : 1));
};

/** Folders with their files' names, or how many there are. */
const mapOf = (paths: ReadonlySet<string>): string => {
  const folders = new Map<string, string[]>();
  for (const path of paths) {
    const folder = posix.dirname(path);
    folders.set(folder, [...(folders.get(folder) ?? []), posix.basename(path)]);
  }
  const depth = (folder: string): number => (folder === "." ? 0 : folder.split("/").length);
  const sorted = [...folders].sort(([one], [other]) => depth(one) - depth(other) || (one < other ? -1 : 1));
  const lines = sorted.slice(0, MOST_LINES).map(([folder, names]) => {
    const shown = names.sort().slice(0, MOST_NAMES).join(" ");
    const more = names.length - MOST_NAMES;
    return `${folder}/ ${shown}${more > 0 ? ` and ${more} more` : ""}`;
  });
  const cut = sorted.length - lines.length;
  return [...lines, ...(cut > 0 ? [`and ${cut} more folders`] : [])].join("\n");
};
