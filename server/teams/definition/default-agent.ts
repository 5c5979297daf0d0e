import type { AgentType, AIProvider } from "../../../schemas/agent.ts";
import { defaultCapabilities, defaultSettings } from "../../models/agent.ts";
import type { AgentContent } from "./templates.ts";

/** The displayed name of the default agent of a type, such as "Test writer". */
export const titleOf = (type: AgentType): string =>
  type.replace(/(?<=[a-z])(?=[A-Z])/g, " ").replace(/\B[A-Z]/g, (letter) => letter.toLowerCase());

/** The default agent of a type, with this provider. */
export const defaultContent = (agent_type: AgentType, provider: AIProvider): AgentContent => ({
  name: titleOf(agent_type),
  agent_type,
  provider,
  capabilities: defaultCapabilities(agent_type),
  settings: defaultSettings(provider, agent_type),
});
