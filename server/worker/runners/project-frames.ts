import { realpathSync } from "node:fs";
import { basename } from "node:path";
import { readIfPossible } from "../../workspace/open.ts";
import { isWithin } from "../../workspace/paths.ts";

/** Reduces stacks of the JVM, .NET and Go to the frames of the project's own files, with their paths. */

/** A frame: `at app//shop.Cart$Item.total(Cart.java:5)`. */
const jvmFrame = /^\s*at (?:[^\s()]*\/)?([\w.$]+)\.[^.\s()]+\(([^\s():]+):(\d+)\)\s*$/;
const anyJvmFrame = /^\s*(?:at [^\s()]+\([^()]*\)|\.\.\. \d+ (?:more|common frames omitted))\s*$/;

const LARGEST_SOURCE = 1024 * 1024;

/** Whether a file is the source of a class in this package, by its folder or by what it declares. */
const isInPackage = (folder: string, path: string, packageName: string, file: string): boolean => {
  const inFolders = packageName === "" ? file : `${packageName.replaceAll(".", "/")}/${file}`;
  if (path === inFolders || path.endsWith(`/${inFolders}`)) return true;
  const text = readIfPossible(folder, path, { most: LARGEST_SOURCE })?.toString("utf8") ?? "";
  return (/^\s*package\s+([\w.]+)/m.exec(text)?.[1] ?? "") === packageName;
};

/**
 * Replaces the file names of frames on the JVM by paths, and removes frames that are not the project's. A
 * report names files without their folders, and files of the JDK can have the names of sources.
 *
 * @param sources the paths of the project's sources, from `folder`.
 */
export const jvmFrames = (folder: string, sources: readonly string[]): ((message: string) => string) => {
  const byName = Map.groupBy(sources, (path) => basename(path));
  const places = new Map<string, string | null>();
  const placeOf = (packageName: string, file: string): string | null => {
    const key = `${packageName} ${file}`;
    const known = places.get(key);
    if (known !== undefined) return known;
    const found = byName.get(file)?.find((path) => isInPackage(folder, path, packageName, file)) ?? null;
    places.set(key, found);
    return found;
  };
  const frame = (line: string): string[] => {
    const [, className = "", file = "", number = ""] = jvmFrame.exec(line) ?? [];
    const place = placeOf(className.slice(0, Math.max(0, className.lastIndexOf("."))), file);
    return place === null ? [] : [`    at ${className} (${place}:${number})`];
  };
  return (message) =>
    message
      .split("\n")
      .flatMap((line) => (anyJvmFrame.test(line) ? frame(line) : [line]))
      .join("\n");
};

/** The end of a frame of .NET after the method's parameters: ` in /src/Cart.cs:line 5`. */
const netPlace = /^ in (?:\/_\/)?(\S.*\.(?:cs|fs|vb)):line (\d+)\s*$/;
const anyNetFrame =
  /^\s*(?:at [\w.<>`+|$[\],]+\([^]*\)|--- End of stack trace from previous location.*---)\s*$/;

/** The same for .NET, whose stacks already have paths. */
export const netFrames = (message: string): string =>
  message
    .split("\n")
    .flatMap((line) => {
      const end = line.indexOf(") in ") + 1;
      const [, file = "", number = ""] = netPlace.exec(line.slice(end)) ?? [];
      if (end > 0 && file !== "" && /^\s*at /.test(line))
        return [`${line.slice(0, end)} (${file}:${number})`];
      return anyNetFrame.test(line) ? [] : [line];
    })
    .join("\n");

/** Two lines of Go: a function, and its place. */
const goFrame = /^(?:created by )?\S[^\n]*\n\t(\/[^\n]+\.(?:go|s)):\d+(?: \+0x[\da-f]+)?$/gm;

/** The same for Go, whose stacks begin with frames of its own. */
export const goFrames = (folder: string, message: string): string => {
  const roots = [folder, realpathSync.native(folder)];
  const isOwn = (path: string): boolean =>
    roots.some((root) => isWithin(root, path)) && !path.includes("/vendor/");
  return message
    .replace(goFrame, (frame, path: string) => (isOwn(path) ? frame : ""))
    .replace(/\n{3,}/g, "\n\n");
};
