import { z } from "zod";
import { AgentType } from "./agent.ts";
import type { Localizer } from "./localizer.ts";
import { Timestamp, Uuid } from "./primitives.ts";

/** What an agent asks for while it works: to start a program, or to connect to a host. */
export const PermissionKind = z.enum(["command", "host"]);
export type PermissionKind = z.infer<typeof PermissionKind>;

/** A question to the user that an agent waits for. */
export const PermissionRequest = z.strictObject({
  permission_id: Uuid,
  task_id: Uuid,
  execution_id: Uuid,
  agent_type: AgentType,
  agent_name: z.string(),
  kind: PermissionKind,
  /** The program (`prettier`), or the host (`registry.npmjs.org:443`). */
  name: z.string(),
  /** The whole command line with which the program starts, or that connects to the host. */
  command: z.string(),
  asked_at: Timestamp,
});
export type PermissionRequest = z.infer<typeof PermissionRequest>;

/**
 * `allow_once`: this call of a program, or this host until the execution ends. `allow_always`: every agent
 * of this type, in this workspace, until the user revokes the consent. `deny`: not in this execution.
 */
export const PermissionDecision = z.enum(["allow_once", "allow_always", "deny"]);
export type PermissionDecision = z.infer<typeof PermissionDecision>;

/** What a consent to `allow_always` is given for: `Coder: prettier`. */
export const permissionScope = ({
  agent_type,
  name,
}: Pick<PermissionRequest, "agent_type" | "name">): string => `${agent_type}: ${name}`;

/** The question in the user's words, without the command. */
export const permissionQuestion = (
  { agent_name, kind, name }: Pick<PermissionRequest, "agent_name" | "kind" | "name">,
  l10n: Localizer,
): string => {
  switch (kind) {
    case "command":
      return l10n.t("Allow {0} to run {1}?", agent_name, name);
    case "host":
      return l10n.t("Allow a command of {0} to connect to {1}?", agent_name, name);
  }
};

/** What an agent waits for, while it waits. */
export const permissionActivity = ({ kind, name }: Pick<PermissionRequest, "kind" | "name">): string => {
  switch (kind) {
    case "command":
      return `asks to run ${name}`;
    case "host":
      return `asks to connect to ${name}`;
  }
};
