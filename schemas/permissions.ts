import { z } from "zod";
import { AgentType } from "./agent.ts";
import type { Localizer } from "./localizer.ts";
import { Timestamp, Uuid } from "./primitives.ts";

/**
 * What an agent requests while it works: to start a program, or to connect to a host. `file`: the tests need
 * a file of the workspace that may contain secrets.
 */
export const PermissionKind = z.enum(["command", "host", "file"]);
export type PermissionKind = z.infer<typeof PermissionKind>;

/** A question to the user. An agent waits for the answer. */
export const PermissionRequest = z.strictObject({
  permission_id: Uuid,
  task_id: Uuid,
  execution_id: Uuid,
  agent_type: AgentType,
  agent_name: z.string(),
  kind: PermissionKind,
  /** The program (`prettier`), the host (`registry.npmjs.org:443`), or the path of the file (`.env.test`). */
  name: z.string(),
  /**
   * The command line in the form of `shownCommand`: it starts the program, connects to the host, or runs the
   * tests.
   */
  command: z.string(),
  asked_at: Timestamp,
});
export type PermissionRequest = z.infer<typeof PermissionRequest>;

/**
 * `allow_once`: this call of a program, this host until the execution ends, or this file for the tests of
 * this task. `allow_always`: every agent of this type, or all tests, in this workspace, until the user
 * revokes the consent. `deny`: not in this execution.
 */
export const PermissionDecision = z.enum(["allow_once", "allow_always", "deny"]);
export type PermissionDecision = z.infer<typeof PermissionDecision>;

/**
 * What a consent to `allow_always` applies to: `Coder: prettier`. For a file, it applies to all tests:
 * `.env.test`.
 */
export const permissionScope = ({
  agent_type,
  kind,
  name,
}: Pick<PermissionRequest, "agent_type" | "kind" | "name">): string =>
  kind === "file" ? name : `${agent_type}: ${name}`;

const [SHOWN_HEAD, SHOWN_TAIL] = [400, 150];

/**
 * Formats a command line for a question to the user. Many spaces or a long first part could push the rest out
 * of view, so the text says how many characters it does not show.
 */
export const shownCommand = (line: string): string => {
  const dense = line.replace(/\s{4,}/g, (blanks) => ` <${blanks.length} whitespace characters> `);
  const hidden = dense.length - SHOWN_HEAD - SHOWN_TAIL;
  if (hidden <= 0) return dense;
  const [head, tail] = [dense.slice(0, SHOWN_HEAD), dense.slice(-SHOWN_TAIL)];
  return `${head} <${hidden} more characters> ${tail}`.toWellFormed();
};

/** The question as a text for the user, without the command. */
export const permissionQuestion = (
  { agent_name, kind, name }: Pick<PermissionRequest, "agent_name" | "kind" | "name">,
  l10n: Localizer,
): string => {
  switch (kind) {
    case "command":
      return l10n.t("Allow {0} to run {1}?", agent_name, name);
    case "host":
      return l10n.t("Allow a command of {0} to connect to {1}?", agent_name, name);
    case "file":
      return l10n.t("Allow tests to read {0}? Something in it looks like a secret.", name);
  }
};

/** What a waiting agent waits for. */
export const permissionActivity = ({ kind, name }: Pick<PermissionRequest, "kind" | "name">): string => {
  switch (kind) {
    case "command":
      return `asks to run ${name}`;
    case "host":
      return `asks to connect to ${name}`;
    case "file":
      return `asks whether tests may read ${name}`;
  }
};
