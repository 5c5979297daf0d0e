import { AgentType } from "../../../schemas/agent.ts";
import type { AgentFile } from "../../../schemas/team.ts";

type Typed = Pick<AgentFile, "agent_type" | "base_type">;

/** The documented type that an agent file has or is based on; null if it names none. */
export const baseTypeOf = ({ agent_type, base_type }: Typed): AgentType | null =>
  AgentType.safeParse(agent_type).data ?? base_type ?? null;

/** The problem with the types that an agent file names; null if there is none. */
export const problemOfTypes = ({
  agent_type,
  base_type,
}: Typed): { path: string; message: string } | null => {
  const isDocumented = AgentType.safeParse(agent_type).success;
  if (!isDocumented && base_type === undefined)
    return {
      path: "agent_type",
      message: `${agent_type} is a custom type and needs a base_type, or is misspelled. Available types: ${AgentType.options.join(", ")}`,
    };
  return isDocumented && base_type !== undefined
    ? { path: "base_type", message: `${agent_type} is not a custom type, so it cannot have a base_type` }
    : null;
};
