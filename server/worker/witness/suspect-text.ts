import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { TestLayout } from "../../../schemas/test-layout.ts";
import type { Tampering } from "../../../schemas/tests.ts";
import { classifyPath } from "../../workspace/classify.ts";
import { exists } from "../../workspace/file-access.ts";

const script = /\.[cm]?[jt]sx?$/;

const given = String.raw`\([^()]*\)\s*(?::\s*[\w\s]+?)?\s*`;
/** A function that begins here and gives a result without a look at what it is given. */
const giving = String.raw`\s*(?:${given}\{\s*return\s+|[=:,]\s*(?:\{\s*value\s*:\s*)?(?:function\s*\w*\s*${given}\{\s*return\s+|(?:${given}|\w+\s*)=>\s*))`;
const anything = String.raw`true\b|!0\b|!false\b|typeof\s+\w+\s*===?\s*["'](?:object|function)["']\s*[;}\n,)]`;
const anyInstance = new RegExp(String.raw`\bSymbol\.hasInstance\s*\]?${giving}(?:${anything})`);
/** A conversion to a plain value that takes the next one from a list, or counts. */
const changing =
  /(?:\bvalueOf|\btoString|\btoJSON|\[Symbol\.toPrimitive\])\s*(?:\(\s*\w*\s*\)\s*\{\s*return\s+|:\s*\(\s*\w*\s*\)\s*=>\s*)[\w$.]+(?:\.(?:shift|pop)\(\)|\.next\(\)\.value|\+\+|\[[\w$.]+\+\+\])/;

/** What the engine does before anybody can watch it, as the text of a source shows it. */
const unseen: readonly { shows: (text: string) => RegExpExecArray | null; what: string }[] = [
  {
    // In the engine's stacks it would have that name.
    shows: (text) => /\/[/*][#@]\s*sourceURL\s*=/.exec(text),
    what: "runs under another name (sourceURL)",
  },
  {
    // Functions that are not in strict mode can read the text of their callers.
    shows: (text) =>
      /\barguments\s*\.\s*callee\s*\.\s*caller\b|\bfunction\s+(\w+)[^]*?\b\1\s*\.\s*caller\b/.exec(text),
    what: "looks at who calls it (caller)",
  },
  {
    shows: (text) => anyInstance.exec(text),
    what: "has a class that anything is an instance of",
  },
  {
    shows: (text) => changing.exec(text),
    what: "has an object that equals something else each time",
  },
];

/** Files that Python runs by themselves before any program. */
const runsFirst = /(^|\/)((site|user)customize\.py|[^/]+\.pth)$/;

const textOf = (root: string, path: string): string => {
  try {
    return readFileSync(join(root, path), "utf8");
  } catch {
    return "";
  }
};

/** Tampering of sources of the judged change that no witness inside the run can see. */
export const unseenTampering = (
  root: string,
  suspects: readonly string[],
  layout: TestLayout,
): Tampering[] => [
  ...suspects
    .filter((path) => runsFirst.test(path) && exists(join(root, path)))
    .map((path) => ({ path, line: null, what: "runs before every program, the test runner among them" })),
  ...inTexts(root, suspects, layout),
];

const inTexts = (root: string, suspects: readonly string[], layout: TestLayout): Tampering[] =>
  suspects
    .filter((path) => script.test(path) && classifyPath(path, layout) === "source")
    .flatMap((path) => {
      const text = textOf(root, path);
      return unseen.flatMap(({ shows, what }) => {
        const found = shows(text);
        return found === null ? [] : [{ path, line: text.slice(0, found.index).split("\n").length, what }];
      });
    });
