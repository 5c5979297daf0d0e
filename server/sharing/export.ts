import type { AgentConfig, AgentSettings } from "../../schemas/agent.ts";
import type { SharedPackage } from "../../schemas/shared-package.ts";
import type { AgentFile, AgentTeam, TeamFile } from "../../schemas/team.ts";
import { defaultCapabilities, defaultSettings } from "../models/agent.ts";

/** What belongs to this machine and its user's accounts, and is left out of a package. */
const personal: ReadonlySet<string> = new Set(["failover", "cost_per_1k_tokens", "runtime", "limits"]);

const isSame = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

/** The settings in which an agent differs from others of its type. */
const ownSettings = ({ settings, provider, agent_type }: AgentConfig): Partial<AgentSettings> => {
  const usual = new Map<string, unknown>(Object.entries(defaultSettings(provider, agent_type)));
  return Object.fromEntries(
    Object.entries(settings).filter(
      ([name, value]) => !personal.has(name) && !isSame(usual.get(name), value),
    ),
  );
};

/** An agent as a file says it, without what is personal: its provider is the importer's. */
export const agentFileOf = (agent: AgentConfig): AgentFile => {
  const { name, agent_type, custom_type, capabilities } = agent;
  const settings = ownSettings(agent);
  return {
    name,
    agent_type: custom_type ?? agent_type,
    ...(custom_type !== undefined && { base_type: agent_type }),
    ...(!isSame(capabilities, defaultCapabilities(agent_type)) && { capabilities }),
    ...(Object.keys(settings).length > 0 && { settings }),
  };
};

const teamFileOf = (team: AgentTeam, agents: ReadonlyMap<string, AgentConfig>): TeamFile => ({
  name: team.name,
  description: team.description,
  members: team.members.map(({ role, agent_type, agent_id }) => {
    const agent = agent_id === null ? undefined : agents.get(agent_id);
    return agent === undefined
      ? { role, agent_type }
      : { role, agent_type: agent.custom_type ?? agent.agent_type, agent: agent.name };
  }),
  workflow_stages: team.workflow_stages,
});

export const packageOfAgent = (agent: AgentConfig): SharedPackage => ({
  format: "coditect-package/1",
  agents: [agentFileOf(agent)],
  teams: [],
});

/** A team with the agents that its members name; `agents`: those, by their ids. */
export const packageOfTeam = (team: AgentTeam, agents: ReadonlyMap<string, AgentConfig>): SharedPackage => ({
  format: "coditect-package/1",
  agents: [...agents.values()].map(agentFileOf),
  teams: [teamFileOf(team, agents)],
});
