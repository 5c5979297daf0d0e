import { posix } from "node:path";
import { changedPaths, quantity, type Gate, type GateContext } from "./gate.ts";

const markdown = /\.(md|mdx|markdown)$/i;
const fencedCode = /^(`{3,}|~{3,})[\s\S]*?^\1/gm;
const link = /!?\[[^\]]*\]\(\s*<?([^)\s>]+)>?[^)]*\)/g;
const outside = /^([a-z][a-z0-9+.-]*:|#|\/\/)/i;

/** Links of a Markdown text to files of the workspace, resolved against where the text stands. */
export const localLinks = (path: string, text: string): string[] =>
  [...text.replace(fencedCode, "").matchAll(link)].flatMap(([, target]) => {
    if (target === undefined || outside.test(target)) return [];
    const [file = ""] = decodeURI(target).split(/[#?]/);
    return [file.startsWith("/") ? file.slice(1) : posix.join(posix.dirname(path), file)];
  });

const brokenLinks = async (context: GateContext, path: string): Promise<string[]> => {
  const text = await context.readText(path);
  if (text === null) return [];
  const found = await Promise.all(
    localLinks(path, text).map(async (target) =>
      (await context.exists(target)) ? [] : [`${path}: ${target}`],
    ),
  );
  return found.flat();
};

/** Every link from a changed document to a file of the workspace leads somewhere. */
export const documents: Gate = async (context) => {
  const paths = changedPaths(context.before, context.after).filter((path) => markdown.test(path));
  const broken = (await Promise.all(paths.map((path) => brokenLinks(context, path)))).flat();
  return {
    held: broken.length === 0,
    reason:
      broken.length > 0
        ? `${quantity(broken.length, "link leads", "links lead")} nowhere.`
        : `${quantity(paths.length, "document")} changed; every link leads somewhere.`,
    evidence: broken,
  };
};
