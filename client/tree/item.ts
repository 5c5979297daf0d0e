import type { CommandId, ItemFlag } from "../contributions.ts";
import { durationText, wholeSecondsText } from "../../schemas/duration.ts";
import { plainLine } from "../../schemas/plain-text.ts";

/** A theme icon and, for a state, its theme color. */
export interface Icon {
  id: string;
  color?: "testing.iconPassed" | "testing.iconFailed" | "testing.iconQueued" | "list.warningForeground";
}

/** One line of a tree, independent of the editor. */
export interface Item {
  label: string;
  description: string;
  icon: Icon;
  /** What a screen reader says. */
  accessibleLabel: string;
  /** The value for its menu and inline actions. */
  flags: ItemFlag[];
  state: "leaf" | "collapsed" | "expanded";
  /** VS Code treats a line of another generation as new and forgets whether it was open. */
  generation?: string;
  /** The command for a click or Enter. It gets the node. */
  command?: CommandId;
  /** Path of its file, for the file icon and colours. */
  file?: string;
}

/** One tree, read from the model. */
export interface Tree {
  /** The children in display order. `null`: the root. */
  readonly children: (node: string | null) => string[];
  readonly parent: (node: string) => string | null;
  /** Null for a node that no longer exists. */
  readonly item: (node: string) => Item | null;
  /** Markdown, created only when the user points at the line. */
  readonly tooltip: (node: string) => string;
}

const passed = { color: "testing.iconPassed" } as const;
const failed = { color: "testing.iconFailed" } as const;

export const icons = {
  waiting: { id: "circle-outline" },
  queued: { id: "history", color: "testing.iconQueued" },
  working: { id: "loading~spin" },
  passed: { id: "pass-filled", ...passed },
  failed: { id: "error", ...failed },
  warning: { id: "warning", color: "list.warningForeground" },
  cancelled: { id: "circle-slash" },
  skipped: { id: "debug-step-over" },
  interrupted: { id: "debug-disconnect", color: "list.warningForeground" },
  quality: { id: "graph" },
  question: { id: "question", color: "list.warningForeground" },
} as const satisfies Record<string, Icon>;

/** Text between backticks in Markdown, with enough backticks for those inside it. */
export const code = (text: string): string => {
  // A blank line would end it, and the text after it would be Markdown.
  const line = plainLine(text);
  const fence = "`".repeat(1 + Math.max(0, ...[...line.matchAll(/`+/g)].map(([run]) => run.length)));
  return fence === "`" ? `\`${line}\`` : `${fence} ${line} ${fence}`;
};

/** Plain text, unchanged, in Markdown. */
export const plain = (text: string): string => plainLine(text).replace(/[\\`*_{}[\]()#+\-.!|<>~&]/g, "\\$&");

export const formatCost = (dollars: number | null): string =>
  dollars === null ? "" : dollars === 0 ? "$0" : `$${dollars.toFixed(dollars < 0.1 ? 4 : 2)}`;

/** Elapsed time in whole seconds: `12 s`, `3 min 7 s`. */
export const formatElapsed = (from: string | null, now: string): string =>
  from === null ? "" : wholeSecondsText(Date.parse(now) - Date.parse(from));

export const formatDuration = (from: string | null, to: string | null): string =>
  from === null || to === null ? "" : durationText(Date.parse(to) - Date.parse(from));
