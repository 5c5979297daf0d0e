import type { FileChange, FileContent } from "../../schemas/changes.ts";
import { fail } from "../../schemas/errors.ts";
import type { WriteAccess } from "../../schemas/gates.ts";
import type { TestLayout } from "../../schemas/test-layout.ts";
import { mayWrite } from "../workspace/classify.ts";
import { fromFileContent } from "../workspace/encoding.ts";
import { builtInRule } from "../workspace/ignore.ts";
import { testSettings } from "../workspace/test-settings.ts";

export interface Handover {
  /** The result of the stage according to its worker. */
  changes: readonly FileChange[];
  /** What the stage began with, from earlier stages. */
  given: readonly FileChange[];
  access: WriteAccess;
  /** Which files of the workspace are tests. */
  layout: TestLayout;
  /** The text of a file as the stage began with it; null if there was none. */
  readText: (path: string) => Promise<string | null>;
}

const sameContent = (left: FileContent | null, right: FileContent | null): boolean =>
  left === null || right === null ? left === right : fromFileContent(left).equals(fromFileContent(right));

const sameChange = (left: FileChange, right: FileChange | undefined): boolean =>
  left.executable === right?.executable && sameContent(left.content, right.content);

/** Whether the path, or a folder it is in, is closed to agents in every workspace. */
const isClosed = (path: string): boolean => {
  const parts = path.split("/");
  return parts.some((_, index) => {
    const part = parts.slice(0, index + 1).join("/");
    return builtInRule(part, index < parts.length - 1) !== null;
  });
};

/** Whether the part of a file that configures the tests differs from what the stage began with. */
const touchesSettings = async ({ path, content }: FileChange, { access, readText }: Handover) => {
  const before = await readText(path);
  if (access === "all" || before === null) return false;
  const now = content === null ? null : testSettings(path, fromFileContent(content).toString("utf8"));
  return now !== testSettings(path, before);
};

/**
 * Holds what a worker hands back to the rights of its stage. Its tools keep to them already; but a worker
 * runs code of the agent's, and what that could make it say must not decide. Error: `instance_refused`.
 */
export const checkRights = async (handover: Handover): Promise<void> => {
  const { changes, given, access, layout } = handover;
  const before = new Map(given.map((change) => [change.path, change]));
  const after = new Set(changes.map(({ path }) => path));
  const refused = given.filter(({ path }) => !after.has(path) && !mayWrite(access, path, layout));
  for (const change of changes) {
    if (sameChange(change, before.get(change.path))) continue;
    const isOpen = mayWrite(access, change.path, layout) && !isClosed(change.path);
    if (!isOpen || (await touchesSettings(change, handover))) refused.push(change);
  }
  if (refused.length === 0) return;
  const paths = refused.map(({ path }) => path).join(", ");
  throw fail("instance_refused", {
    reason: `it handed back ${paths}, and its stage may write ${access}`,
  });
};
