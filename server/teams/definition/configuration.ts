import type { AgentConfig, AgentType, AIProvider } from "../../../schemas/agent.ts";
import { fail } from "../../../schemas/errors.ts";
import { applyPatch, Uuid } from "../../../schemas/primitives.ts";
import { TeamFile, type AgentTeam, type TeamMember } from "../../../schemas/team.ts";
import { newAgent } from "../../models/agent.ts";
import type { Consents } from "../../platform/consents.ts";
import { namedUuid } from "../../platform/named-uuid.ts";
import type { Store } from "../../store/store.ts";
import { configurationFiles, configurationHash } from "../../workspace/configuration.ts";
import architecture from "./built-in/architecture.json" with { type: "json" };
import bugFix from "./built-in/bug-fix.json" with { type: "json" };
import review from "./built-in/review.json" with { type: "json" };
import security from "./built-in/security.json" with { type: "json" };
import tdd from "./built-in/tdd.json" with { type: "json" };
import { describeConfiguration } from "./describe.ts";
import { readAgentFiles, readTeamFiles } from "./files.ts";

const builtIn: readonly TeamFile[] = [tdd, bugFix, architecture, review, security].map((file) =>
  TeamFile.parse(file),
);

export interface ConfigurationParts {
  store: Store;
  /** Absolute path; its `.coditect/` holds agent and team files. */
  workspace: string;
  /** What agents without a provider of their own ask. */
  provider: AIProvider;
  consents: Pick<Consents, "has">;
  now: () => string;
}

/** The agents and teams of a workspace: stored ones, files in version control, built-in ones. */
export interface Configuration {
  /**
   * Errors: `unknown_workflow`; `configuration_unconfirmed` for a team of files that the user has not
   * allowed to be used, as they are now.
   */
  team(idOrName: string): Promise<AgentTeam>;
  /**
   * Stores the built-in teams and those of files as they are now, so that lists have them. Teams of
   * files that the user has not allowed yet are not stored; they are the result, with the ids that
   * they will have.
   */
  publishTeams(): Promise<AgentTeam[]>;
  /** The agent a member stands for; the default one of its type is created when first needed. */
  agentOf(member: TeamMember): Promise<AgentConfig>;
}

const titleOf = (type: AgentType): string =>
  type.replace(/(?<=[a-z])(?=[A-Z])/g, " ").replace(/\B[A-Z]/g, (letter) => letter.toLowerCase());

export const createConfiguration = (parts: ConfigurationParts): Configuration => {
  const { store, workspace, provider, consents, now } = parts;

  /** Whether the user has allowed what `.coditect/` holds, in its present state. */
  const isAllowed = (): boolean =>
    consents.has("configuration", configurationHash(configurationFiles(workspace)));

  const demandConsent = (name: string): void => {
    const files = configurationFiles(workspace);
    const hash = configurationHash(files);
    if (!consents.has("configuration", hash))
      throw fail("configuration_unconfirmed", { name, what: describeConfiguration(files), hash });
  };

  const put = async (agent: AgentConfig): Promise<AgentConfig> => {
    await store.commit((transaction) => {
      transaction.put("agents", agent);
    });
    return agent;
  };

  /** The default agent asks what the settings say now, and keeps its id. */
  const defaultAgent = async (type: AgentType): Promise<AgentConfig> => {
    const name = titleOf(type);
    const known = store.all("agents", { type }).find((agent) => agent.name === name);
    if (known === undefined)
      return put(newAgent({ tenant_id: store.tenantId, name, agent_type: type, provider }, now()));
    const same = JSON.stringify(known.provider) === JSON.stringify(provider);
    return same ? known : put({ ...known, provider, updated_at: now() });
  };

  /** The stored agent of an agent file, brought up to what the file says. */
  const agentFromFile = async (name: string, type: AgentType): Promise<AgentConfig> => {
    const file = (await readAgentFiles(workspace)).find((candidate) => candidate.name === name);
    if (file === undefined) throw fail("not_found", { kind: "agent", id: name });
    const known = store.all("agents", { type }).find((agent) => agent.name === name);
    const base =
      known ??
      newAgent(
        { tenant_id: store.tenantId, name, agent_type: type, provider: file.provider ?? provider },
        now(),
      );
    const agent: AgentConfig = {
      ...base,
      agent_type: file.agent_type,
      provider: file.provider ?? provider,
      settings: applyPatch(base.settings, file.settings ?? {}),
    };
    return JSON.stringify(agent) === JSON.stringify(known) ? agent : put({ ...agent, updated_at: now() });
  };

  /** The same each time, so that a team can be named before it is stored. */
  const idOfFile = (name: string): string => namedUuid(`${store.tenantId}\n${workspace}\n${name}`);

  /** A team file as a list shows it; its agents are settled when it is allowed. */
  const proposedTeam = (file: TeamFile): AgentTeam => ({
    team_id: idOfFile(file.name),
    tenant_id: store.tenantId,
    name: file.name,
    description: file.description,
    members: file.members.map(({ role, agent_type }) => ({ role, agent_type, agent_id: null })),
    workflow_stages: file.workflow_stages,
    created_at: now(),
    updated_at: now(),
  });

  /** Stores a team file as the team it describes, under the id it always had. */
  const teamFromFile = async (file: TeamFile): Promise<AgentTeam> => {
    const known = store.all("teams", { name: file.name })[0];
    const members = await Promise.all(
      file.members.map(async ({ role, agent_type, agent }): Promise<TeamMember> => {
        const agent_id = agent === undefined ? null : (await agentFromFile(agent, agent_type)).agent_id;
        return { role, agent_type, agent_id };
      }),
    );
    const { name, description, workflow_stages } = file;
    const content = { name, description, members, workflow_stages };
    const team: AgentTeam = {
      team_id: known?.team_id ?? idOfFile(file.name),
      tenant_id: store.tenantId,
      ...content,
      created_at: known?.created_at ?? now(),
      updated_at: now(),
    };
    if (known !== undefined && JSON.stringify({ ...known, ...content }) === JSON.stringify(known))
      return known;
    await store.commit((transaction) => {
      transaction.put("teams", team);
    });
    return team;
  };

  return {
    team: async (idOrName) => {
      const ofProject = await readTeamFiles(workspace);
      const stored = Uuid.safeParse(idOrName).success ? store.get("teams", idOrName) : null;
      const file = ofProject.find(
        ({ name }) => name === (stored?.name ?? idOrName) || idOfFile(name) === idOrName,
      );
      // A stored team of that name is the file's: it may have changed since the user allowed it.
      if (file !== undefined) {
        demandConsent(file.name);
        return teamFromFile(file);
      }
      if (stored !== null) return stored;
      const own = builtIn.find(({ name }) => name === idOrName);
      if (own !== undefined) return teamFromFile(own);
      const named = store.all("teams", { name: idOrName })[0];
      if (named !== undefined) return named;
      const names = [...builtIn, ...ofProject, ...store.all("teams")].map((team) => team.name);
      throw fail("unknown_workflow", { name: idOrName, names: [...new Set(names)].join(", ") });
    },

    publishTeams: async () => {
      const ofProject = await readTeamFiles(workspace);
      const names = new Set(ofProject.map(({ name }) => name));
      const allowed = ofProject.length > 0 && isAllowed();
      for (const file of [...builtIn.filter(({ name }) => !names.has(name)), ...(allowed ? ofProject : [])])
        await teamFromFile(file);
      return allowed ? [] : ofProject.map(proposedTeam);
    },

    agentOf: async (member) => {
      if (member.agent_id === null) return defaultAgent(member.agent_type);
      const agent = store.get("agents", member.agent_id);
      if (agent === null) throw fail("not_found", { kind: "agent", id: member.agent_id });
      return agent;
    },
  };
};
