import { posix } from "node:path";
import type { TestReport } from "../../../schemas/tests.ts";
import { classifyPath } from "../../workspace/classify.ts";
import { awaitedNames } from "./awaited.ts";
import type { GateContext } from "./gate.ts";

type Place = readonly [file: string, line: number];

/** Places in a stack or traceback, without those in packages and in the runtime. */
const placesOf = (message: string): Place[] =>
  [...message.matchAll(/([^\s()"']+\.[a-z]{1,6}):(\d+)/g)]
    .map(([, file = "", line = ""]): Place => [file, Number(line)])
    .filter(([file]) => !/node_modules|site-packages|^node:/.test(file));

/** The place where an error was thrown. Node names the innermost place first, Python last. */
export const innermostPlace = (message: string): Place | null => {
  const places = placesOf(message);
  return places.find(([file]) => !file.endsWith(".py")) ?? places.at(-1) ?? null;
};

/** Statements by which a function reports that it is not implemented yet. */
const throwing = /\b(throw|raise|panic!?|todo!|unimplemented!|abort|fail)\b|NotImplemented/;

/** Files of packages and of Python itself, which no change of the project can complete. */
const foreign = /^(?:[a-z]:)?[\\/]|(?:^|[\\/])(?:\.\.|node_modules|site-packages|dist-packages)[\\/]/i;

/**
 * The source that lacks a name that a test file imports, according to the message of Node or Python. They loaded it, so
 * it exists: in the workspace, or only in the copy that built it.
 */
const lackingSource = (file: string, message: string): string | null => {
  const [, specifier] =
    /requested module ['"](\.[^'"]+)['"] (?:is a CommonJS module, which may not support all|does not provide an export)/.exec(
      message,
    ) ?? [];
  if (specifier !== undefined) return posix.join(posix.dirname(file), specifier);
  return /cannot import name ['"][^'"]+['"] from ['"][^'"]+['"] \(([^)]+\.py)\)/.exec(message)?.[1] ?? null;
};

/** Why the code under test keeps the test file from loading; null if it does not. */
const reasonInCode = async (
  context: Pick<GateContext, "layout" | "readText">,
  { file, message }: TestReport["load_errors"][number],
): Promise<string | null> => {
  const isSource = (path: string): boolean => classifyPath(path, context.layout) === "source";
  const lacking = lackingSource(file, message);
  if (lacking !== null && !foreign.test(lacking) && isSource(lacking))
    return `${lacking} lacks a name that it imports`;
  if (classifyPath(file, context.layout) === "test") {
    const awaited = awaitedNames(file, message, (await context.readText(file)) ?? "");
    if (awaited !== null)
      return `${file} uses ${awaited.join(", ")}, but the code does not offer ${awaited.length === 1 ? "it" : "them"} like this yet`;
  }
  const [path, line] = innermostPlace(message) ?? ["", 0];
  if (!isSource(path)) return null;
  const lines = (await context.readText(path))?.split("\n").slice(Math.max(0, line - 2), line + 1) ?? [];
  return lines.some((text) => throwing.test(text)) ? `${path}:${line} throws` : null;
};

/**
 * Why the code under test keeps each test file from loading: an unfinished function throws while the file loads,
 * or an imported name does not exist yet. Null if a file could not be loaded for another reason.
 */
export const stoppedByCode = async (
  context: Pick<GateContext, "layout" | "readText">,
  report: TestReport,
): Promise<string[] | null> => {
  if (report.outcome !== "load_error" || report.errors.length > 0 || report.tampering !== undefined)
    return null;
  const reasons: string[] = [];
  for (const each of report.load_errors) {
    const reason = await reasonInCode(context, each);
    if (reason === null) return null;
    reasons.push(reason);
  }
  return [...new Set(reasons)];
};
