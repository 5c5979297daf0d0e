import { stripTypeScriptTypes } from "node:module";
import { applyPatch, reversePatch, structuredPatch } from "diff";
import type { FileChange } from "../../../schemas/changes.ts";
import type { LineRange } from "../../../schemas/tests.ts";
import { classifyPath } from "../../workspace/classify.ts";
import { toFileContent } from "../../workspace/encoding.ts";
import type { GateContext } from "./gate.ts";

/** A source file that a run changed, with its text before and after; null if it did not exist. */
export interface ChangedSource {
  path: string;
  before: string | null;
  after: string | null;
}

/** A piece of a change that can be undone alone. */
export interface Hunk {
  path: string;
  /** The first line in the new text; 1 for a deleted file. */
  line: number;
  added: string[];
  removed: string[];
  /** The text of the file without this piece; null if the file does not exist without it. */
  without: string | null;
}

/** The sources that differ from the state before the run, with their texts. */
export const changedSources = async (
  context: Pick<GateContext, "after" | "layout" | "readBase" | "readText">,
): Promise<ChangedSource[]> => {
  const paths = [...context.after.keys()]
    .filter((path) => classifyPath(path, context.layout) === "source")
    .sort();
  return Promise.all(
    paths.map(async (path) => ({
      path,
      before: await context.readBase(path),
      after: await context.readText(path),
    })),
  );
};

/** The pieces of a changed file, each with the text that results if it alone is undone. */
export const hunksOf = ({ path, before, after }: ChangedSource): Hunk[] => {
  if (before === null || after === null) {
    const lines = (after ?? before ?? "").split("\n");
    return [
      {
        path,
        line: 1,
        added: after === null ? [] : lines,
        removed: before === null ? [] : lines,
        without: before,
      },
    ];
  }
  const patch = structuredPatch(path, path, before, after, "", "", { context: 0 });
  return patch.hunks.map((hunk) => {
    const without = applyPatch(after, reversePatch({ ...patch, hunks: [hunk] }));
    return {
      path,
      // If nothing was added, the patch names the line before.
      line: hunk.newLines === 0 ? hunk.newStart + 1 : hunk.newStart,
      added: hunk.lines.filter((line) => line.startsWith("+")).map((line) => line.slice(1)),
      removed: hunk.lines.filter((line) => line.startsWith("-")).map((line) => line.slice(1)),
      without: without === false ? before : without,
    };
  });
};

/** A change without one of its pieces. */
export const without = (changes: readonly FileChange[], { path, without: text }: Hunk): FileChange[] => [
  ...changes.filter((change) => change.path !== path),
  {
    path,
    before: changes.find((change) => change.path === path)?.before ?? null,
    content: text === null ? null : toFileContent(Buffer.from(text)),
    executable: changes.find((change) => change.path === path)?.executable ?? false,
  },
];

/** Lines of the new text that the change wrote. */
export const writtenLines = (source: ChangedSource): LineRange[] =>
  hunksOf(source)
    .filter(({ added }) => added.length > 0)
    .map(({ line, added }) => ({ from: line, to: line + added.length - 1 }));

const comment = /\/\*[\s\S]*?\*\/|(^|\s)\/\/.*$/gm;
/** Other comments. In JavaScript, a private field begins with this mark. */
const hashComment = /(^|\s)#.*$/gm;
const programLine = /^#!.*$/gm;

/** The text without comments and whitespace. */
const bare = (path: string, text: string): string =>
  text
    .replace(/\.[cm]?[jt]sx?$/.test(path) ? programLine : hashComment, "")
    .replace(comment, "")
    .replace(/\s+/g, "");

/** Lines that only inform a person or a log. */
const telling = /^\s*(?:this\.|self\.)?(?:console|_?log|_?logger|logging|LOG(?:GER)?)\.\w+\(.*\);?\s*$/gm;

/** A package's description, and the versions of its dependencies. */
const aboutPackage =
  /^\s*(?:"(?:version|description|keywords|author|license|homepage)"\s*:.*|"[@\w./-]+"\s*:\s*"[\^~<>=]*\d[^"]*",?|"\w*[dD]ependencies"\s*:\s*\{|[{}],?)\s*$/gm;

/** Files that tests do not run: settings of tools, lock files, texts, styles and measurements of speed. */
const holdsNoCode =
  /(^|\/)(\.[^/]+|[A-Z]+|(package-lock|npm-shrinkwrap|tsconfig[\w.-]*)\.json)$|\.(ya?ml|toml|lock|cfg|ini|txt|in|typed|css|scss|sass|less)$|\.d\.[cm]?ts$|\.bench\.[cm]?[jt]sx?$/;

/** TypeScript without its types; null if Node cannot remove them. */
const withoutTypes = (path: string, text: string): string | null => {
  if (!/\.[cm]?ts$/.test(path)) return null;
  // Node warns that this is experimental. Readers of the warning could not do anything.
  const emitWarning = process.emitWarning.bind(process);
  process.emitWarning = () => undefined;
  try {
    return stripTypeScriptTypes(text);
  } catch {
    return null;
  } finally {
    process.emitWarning = emitWarning;
  }
};

/** Whether the piece is code that runs. Blank lines, comments, types and messages are not. */
export const isCode = ({ path, added, removed, without }: Hunk, after: string | null): boolean => {
  if (holdsNoCode.test(path)) return false;
  const idle = /(^|\/)package\.json$/.test(path) ? aboutPackage : telling;
  const codeOf = (lines: readonly string[]) =>
    bare(
      path,
      lines
        .join("\n")
        .replace(/^\s*\*.*$/gm, "")
        .replace(idle, ""),
    );
  if (codeOf(added) === codeOf(removed)) return false;
  if (without === null || after === null) return true;
  const [typeless, typelessBefore] = [withoutTypes(path, after), withoutTypes(path, without)];
  return typeless === null || typelessBefore === null || bare(path, typeless) !== bare(path, typelessBefore);
};
