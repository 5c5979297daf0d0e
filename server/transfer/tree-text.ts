import { createHash } from "node:crypto";
import { fail } from "../../schemas/errors.ts";
import { parseJson } from "../../schemas/json-depth.ts";
import { SentEntry, staysInside, travels } from "../../schemas/sent-files.ts";

/** The entries of a tree by path. */
export type Tree = Map<string, SentEntry>;

/** Names what a file or link of a tree is, apart from its path. */
export const stateOf = (entry: SentEntry): string =>
  "target" in entry ? `link ${entry.target}` : `${entry.sha256} ${entry.executable}`;

/** The text of a tree, and its name. */
export const treeText = (entries: Iterable<SentEntry>): { text: string; sha256: string } => {
  const sorted = [...entries].sort((one, other) => (one.path < other.path ? -1 : 1));
  const text = sorted.map((entry) => `${JSON.stringify(entry)}\n`).join("");
  return { text, sha256: createHash("sha256").update(text).digest("hex") };
};

const invalid = (problems: string) => fail("invalid_params", { what: "The tree", problems });

const readLine = (line: string): SentEntry => {
  let value: unknown;
  try {
    value = parseJson(line);
  } catch (error) {
    throw fail("invalid_params", { what: "The tree", problems: "a line is not JSON" }, { cause: error });
  }
  const entry = SentEntry.safeParse(value);
  if (!entry.success) throw invalid("a line is neither a file nor a link");
  const { path } = entry.data;
  if (!travels(path)) throw invalid(`${path} may not be sent`);
  if ("target" in entry.data && !staysInside(entry.data))
    throw invalid(`the link ${path} points outside the workspace`);
  return entry.data;
};

/** Reads a tree that was sent; `pace` is awaited between its lines. Error: `invalid_params`. */
export const readTree = async (text: string, pace: () => Promise<void> | undefined): Promise<Tree> => {
  const tree: Tree = new Map();
  for (const line of text.split("\n")) {
    if (line === "") continue;
    const entry = readLine(line);
    if (tree.has(entry.path)) throw invalid(`${entry.path} occurs twice`);
    tree.set(entry.path, entry);
    await pace();
  }
  for (const path of tree.keys()) {
    for (let at = path.indexOf("/"); at !== -1; at = path.indexOf("/", at + 1))
      if (tree.has(path.slice(0, at))) throw invalid(`${path.slice(0, at)} is a file and a folder`);
    await pace();
  }
  return tree;
};
