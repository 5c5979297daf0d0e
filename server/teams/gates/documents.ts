import { posix } from "node:path";
import { brokenDiagrams, diagramsIn } from "./diagrams.ts";
import { changedPaths, quantity, type Gate, type GateContext } from "./gate.ts";

const markdown = /\.(md|mdx|markdown)$/i;
const fencedCode = /^(`{3,}|~{3,})[\s\S]*?^\1/gm;
/** Every part is bounded, so that the search does not take long if many brackets are never closed. */
const link = /!?\[[^\]]{0,1000}\]\(\s{0,100}<?([^)\s>]{1,2000})>?[^)]{0,1000}\)/g;
const outside = /^([a-z][a-z0-9+.-]*:|#|\/\/)/i;

/** Links of a Markdown text to files of the workspace, resolved against the text's own folder. */
export const localLinks = (path: string, text: string): string[] =>
  [...text.replace(fencedCode, "").matchAll(link)].flatMap(([, target]) => {
    if (target === undefined || outside.test(target)) return [];
    const [file = ""] = decoded(target).split(/[#?]/);
    return [file.startsWith("/") ? file.slice(1) : posix.join(posix.dirname(path), file)];
  });

/** The path that a text names. An invalid escape is part of the name. */
const decoded = (target: string): string => {
  try {
    return decodeURI(target);
  } catch {
    return target;
  }
};

interface Document {
  path: string;
  text: string;
}

const changedDocuments = async (context: GateContext): Promise<Document[]> => {
  const paths = changedPaths(context.before, context.after).filter((path) => markdown.test(path));
  const read = await Promise.all(
    paths.map(async (path) => {
      const text = await context.readText(path);
      return text === null ? [] : [{ path, text }];
    }),
  );
  return read.flat();
};

const brokenLinks = async (context: GateContext, { path, text }: Document): Promise<string[]> => {
  const found = await Promise.all(
    localLinks(path, text).map(async (target) =>
      (await context.exists(target)) ? [] : [`${path}: ${target} does not exist`],
    ),
  );
  return found.flat();
};

/** The diagrams of the documents that Mermaid cannot read, and the number of all diagrams. */
const checkDiagrams = async (context: GateContext, documents: readonly Document[]) => {
  const diagrams = documents.flatMap(({ path, text }) =>
    diagramsIn(text).map((diagram) => ({ ...diagram, path })),
  );
  const broken = await brokenDiagrams(diagrams, context.signal);
  return {
    drawn: diagrams.length,
    broken: broken.map(({ diagram, problem }) => `${diagram.path}:${diagram.line} ${problem}`),
  };
};

const unreadable = (count: number): string => `${quantity(count, "Mermaid diagram")} cannot be read.`;

/**
 * Checks that every link from a changed document to a file of the workspace has a target, and that Mermaid can
 * read every diagram of a changed document.
 */
export const documents: Gate = async (context) => {
  const changed = await changedDocuments(context);
  const links = (await Promise.all(changed.map((document) => brokenLinks(context, document)))).flat();
  const { drawn, broken } = await checkDiagrams(context, changed);
  const problems = [
    ...(links.length > 0 ? [`${quantity(links.length, "link leads", "links lead")} nowhere.`] : []),
    ...(broken.length > 0 ? [unreadable(broken.length)] : []),
  ];
  return {
    held: problems.length === 0,
    reason:
      problems.length > 0
        ? problems.join(" ")
        : `${quantity(changed.length, "document")} changed; every link leads somewhere` +
          (drawn > 0 ? `, and Mermaid reads ${quantity(drawn, "diagram")}.` : "."),
    evidence: [...links, ...broken],
  };
};

/** Checks that the stage drew at least one Mermaid diagram, and that Mermaid can read all of them. */
export const diagrams: Gate = async (context) => {
  const { drawn, broken } = await checkDiagrams(context, await changedDocuments(context));
  return {
    held: drawn > 0 && broken.length === 0,
    reason:
      drawn === 0
        ? "No changed document has a Mermaid diagram."
        : broken.length > 0
          ? unreadable(broken.length)
          : `Mermaid reads ${quantity(drawn, "diagram")}.`,
    evidence: broken,
  };
};
