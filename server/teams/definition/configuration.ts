import { randomUUID } from "node:crypto";
import { AgentType, type AgentConfig, type AIProvider } from "../../../schemas/agent.ts";
import { CoditectError, fail, toWireError } from "../../../schemas/errors.ts";
import { applyPatch, Uuid } from "../../../schemas/primitives.ts";
import type { AgentFile, AgentTeam, FileProblem, TeamFile, TeamMember } from "../../../schemas/team.ts";
import { defaultSettings, newAgent } from "../../models/agent.ts";
import type { Consents } from "../../platform/consents.ts";
import { namedUuid } from "../../platform/named-uuid.ts";
import type { Store } from "../../store/store.ts";
import { configurationFiles, configurationHash } from "../../workspace/configuration.ts";
import { builtInContent, builtInTeams } from "./built-in.ts";
import { defaultContent } from "./default-agent.ts";
import { areOrdinaryTeams, describeConfiguration } from "./describe.ts";
import { type Files, readAgentFiles, readTeamFiles, type Read } from "./files.ts";
import { checkOnline, checkTeam } from "./members.ts";
import { baseTypeOf } from "./types.ts";
import { createTemplates, templateId, type AgentContent, type TeamContent } from "./templates.ts";

export interface ConfigurationParts {
  store: Store;
  /** Absolute path; its `.coditect/` holds agent and team files. */
  workspace: string;
  /** What agents without a provider of their own ask, as the settings say at the moment. */
  settings: { readonly provider: AIProvider; readonly untrusted?: boolean };
  /**
   * Whether the provider was guessed from the keys of the environment: an existing agent
   * keeps asking the one it has. A key alone must not turn a local agent into a paid one.
   */
  isProviderGuessed: boolean;
  consents: Pick<Consents, "has">;
  now: () => string;
}

/** What is left to say of a workspace's teams once all that can be are stored. */
export interface PublishedTeams {
  /** Teams of files that the user has not allowed yet, with the ids that they will have. */
  proposed: AgentTeam[];
  /** Team files that cannot be used; each is out alone. */
  problems: FileProblem[];
}

/** The agents and teams of a workspace: stored ones, files in version control, built-in ones. */
export interface Configuration {
  /**
   * By name, a file of the project counts before what is stored. Errors: `unknown_workflow`;
   * `configuration_unconfirmed` for a team of files that the user has not allowed to be used, as they
   * are now.
   */
  team(idOrName: string): Promise<AgentTeam>;
  /** Stores the built-in teams, once, and those of files as they are now, so that lists have them. */
  publishTeams(): Promise<PublishedTeams>;
  /** The agent of a member; the default one of its type is created when first needed. */
  agentOf(member: TeamMember): Promise<AgentConfig>;
  /** Refuses a team that cannot run, or whose members cannot do their stages: `invalid_workflow`. */
  checkTeam(team: Pick<AgentTeam, "name" | "members" | "workflow_stages">): void;
  /** Refuses members whose agent may get no work: `agent_offline`. */
  checkAvailable(members: readonly TeamMember[]): Promise<void>;
  /** Errors: `name_taken` if a team of that name is stored, in a file or built in. */
  checkTeamName(name: string): Promise<void>;
  /** Restores a built-in team, discarding the user's edits. Error: `not_a_default`. */
  restoreTeam(team: AgentTeam): Promise<AgentTeam>;
  /** Restores a default agent, discarding the user's edits. Error: `not_a_default`. */
  restoreAgent(agent: AgentConfig): Promise<AgentConfig>;
  /** Errors: `defined_in_file` for a team or agent that a file of the project says. */
  checkChangeable(recordId: string): Promise<void>;
}

export const createConfiguration = (parts: ConfigurationParts): Configuration => {
  const { store, workspace, settings, isProviderGuessed, consents, now } = parts;
  const templates = createTemplates(store);

  /** An untrusted workspace brings neither teams nor agents. */
  const teamFiles = (): Promise<Files<TeamFile>> =>
    settings.untrusted === true ? Promise.resolve({ usable: [], unusable: [] }) : readTeamFiles(workspace);

  /** Whether the user has allowed what `.coditect/` holds, in its present state. */
  const isAllowed = (): boolean =>
    consents.has("configuration", configurationHash(configurationFiles(workspace)));

  const demandConsent = (name: string): void => {
    const files = configurationFiles(workspace);
    const hash = configurationHash(files);
    if (consents.has("configuration", hash)) return;
    const isOrdinary = areOrdinaryTeams(files, new Set(builtInTeams.map((team) => team.name)));
    const code = isOrdinary ? "team_unconfirmed" : "configuration_unconfirmed";
    throw fail(code, { name, what: describeConfiguration(files), hash });
  };

  /** The same each time, so that a team can be named before it is stored. */
  const idOfFile = (name: string): string => namedUuid(`${store.tenantId}\n${workspace}\n${name}`);

  const providerFor = (stored: AgentConfig | null): AIProvider =>
    stored !== null && isProviderGuessed ? stored.provider : settings.provider;

  const agentRecord = (content: AgentContent, stored: AgentConfig | null): AgentConfig => ({
    ...(stored ?? newAgent({ tenant_id: store.tenantId, ...content }, now())),
    ...content,
    updated_at: now(),
  });

  const teamRecord = (team_id: string, content: TeamContent, stored: AgentTeam | null): AgentTeam => ({
    team_id,
    tenant_id: store.tenantId,
    ...content,
    created_at: stored?.created_at ?? now(),
    updated_at: now(),
  });

  const defaultAgent = (type: AgentType, restores = false): Promise<AgentConfig | null> =>
    templates.agent({
      id: templateId("agent", type),
      source: "built-in",
      content: (stored) => defaultContent(type, providerFor(stored)),
      record: agentRecord,
      revives: true,
      restores,
    });

  /** The stored agent of an agent file, as the file says it now. */
  const agentFromFile = (file: AgentFile, type: AgentType): Promise<AgentConfig | null> =>
    templates.agent({
      id: templateId("agent-file", file.name),
      source: "file",
      content: (stored) => {
        const provider = file.provider ?? providerFor(stored);
        return {
          ...defaultContent(type, provider),
          name: file.name,
          ...(file.agent_type !== type && { custom_type: file.agent_type }),
          ...(file.capabilities !== undefined && { capabilities: file.capabilities }),
          settings: applyPatch(defaultSettings(provider, type), file.settings ?? {}),
        };
      },
      record: agentRecord,
      revives: true,
    });

  const fileMember = async (
    team: TeamFile,
    { role, agent_type, agent }: TeamFile["members"][number],
    index: number,
  ): Promise<TeamMember> => {
    const documented = AgentType.safeParse(agent_type).data;
    if (agent === undefined && documented !== undefined)
      return { role, agent_type: documented, agent_id: null };
    const { usable, unusable } = await readAgentFiles(workspace);
    const file = usable.find(({ content }) =>
      agent === undefined ? content.agent_type === agent_type : content.name === agent,
    );
    // A type that no usable file defines is probably defined in one that cannot be read.
    const isMeant = ({ name }: { name: string }) => agent === undefined || name === agent;
    const broken = file === undefined ? unusable.find(isMeant) : undefined;
    if (broken !== undefined) throw broken.problem;
    const problem = (text: string) =>
      fail("invalid_workflow", { name: team.name, problems: `members.${index}.agent: ${text}` });
    if (file === undefined)
      throw problem(
        agent === undefined
          ? `there is no agent file with the type ${agent_type}`
          : `there is no agent file named ${agent}`,
      );
    const base = baseTypeOf(file.content);
    if (base === null || file.content.agent_type !== agent_type)
      throw problem(
        `${file.content.name} is a ${file.content.agent_type}, not a ${agent_type} (${file.path})`,
      );
    const stored = await agentFromFile(file.content, base);
    return { role, agent_type: base, agent_id: stored?.agent_id ?? null };
  };

  /** A team file as a list shows it; its agents are settled when it is allowed. */
  const proposedTeam = async (file: TeamFile): Promise<AgentTeam> => {
    const { name, description, workflow_stages } = file;
    const agents = (await readAgentFiles(workspace)).usable.map(({ content }) => content);
    const members = file.members.map(({ role, agent_type }, index) => {
      const own = agents.find((agent) => agent.agent_type === agent_type);
      const base = baseTypeOf(own ?? { agent_type });
      if (base !== null) return { role, agent_type: base, agent_id: null };
      const problems = `members.${index}.agent: there is no agent file with the type ${agent_type}`;
      throw fail("invalid_workflow", { name, problems });
    });
    return teamRecord(idOfFile(name), { name, description, members, workflow_stages }, null);
  };

  /** Stores a team file as the team it describes, under the id it always has. */
  const teamFromFile = async (file: TeamFile): Promise<AgentTeam | null> => {
    const members = await Promise.all(file.members.map((member, index) => fileMember(file, member, index)));
    const { name, description, workflow_stages } = file;
    return templates.team({
      id: templateId("team-file", name),
      source: "file",
      content: () => ({ name, description, members, workflow_stages }),
      record: (content, stored) => teamRecord(stored?.team_id ?? idOfFile(name), content, stored),
      revives: true,
    });
  };

  /** Null: the user deleted it, and `revives` is not asked for. */
  const builtInTeam = (file: TeamFile, revives: boolean, restores = false): Promise<AgentTeam | null> => {
    const { name, description, members, workflow_stages } = builtInContent(file);
    return templates.team({
      id: templateId("team", name),
      source: "built-in",
      content: () => ({ name, description, members, workflow_stages }),
      record: (content, stored) => teamRecord(stored?.team_id ?? randomUUID(), content, stored),
      revives,
      restores,
    });
  };

  const fileOf = async (recordId: string): Promise<Read<AgentFile | TeamFile> | null> => {
    const template = templates.of(recordId);
    if (template?.source !== "file") return null;
    const id = ({ content }: Read<AgentFile | TeamFile>, kind: "team-file" | "agent-file") =>
      templateId(kind, content.name) === template.template_id;
    const team = (await teamFiles()).usable.find((file) => id(file, "team-file"));
    return team ?? (await readAgentFiles(workspace)).usable.find((file) => id(file, "agent-file")) ?? null;
  };

  const agentOf = async (member: TeamMember): Promise<AgentConfig> => {
    const agent =
      member.agent_id === null ? await defaultAgent(member.agent_type) : store.get("agents", member.agent_id);
    if (agent === null) throw fail("not_found", { kind: "agent", id: member.agent_id ?? member.agent_type });
    return agent;
  };

  return {
    team: async (idOrName) => {
      const files = await teamFiles();
      const ofProject = files.usable.map(({ content }) => content);
      const stored = Uuid.safeParse(idOrName).success ? store.get("teams", idOrName) : null;
      const isOfFile = stored !== null && templates.of(stored.team_id)?.source === "file";
      const isMeant = ({ name }: { name: string }) =>
        stored === null ? name === idOrName || idOfFile(name) === idOrName : isOfFile && name === stored.name;
      const broken = files.unusable.find(isMeant);
      if (broken !== undefined) throw broken.problem;
      const file = ofProject.find(isMeant);
      if (file !== undefined) {
        // It may have changed since the user allowed it.
        demandConsent(file.name);
        return (await teamFromFile(file)) ?? proposedTeam(file);
      }
      if (stored !== null) return stored;
      const builtIn = builtInTeams.find(({ name }) => name === idOrName);
      const team =
        (builtIn && (await builtInTeam(builtIn, true))) ?? store.all("teams", { name: idOrName })[0];
      if (team !== undefined) return team;
      const named = [...builtInTeams, ...ofProject, ...store.all("teams")].map(({ name }) => name);
      throw fail("unknown_workflow", { name: idOrName, names: [...new Set(named)].join(", ") });
    },

    publishTeams: async () => {
      const { usable, unusable } = await teamFiles();
      const problems = unusable.map(({ path, problem }) => ({ path, ...toWireError(problem) }));
      const names = new Set([...usable.map(({ content }) => content), ...unusable].map(({ name }) => name));
      for (const file of builtInTeams) if (!names.has(file.name)) await builtInTeam(file, false);
      const isProposed = !isAllowed();
      const proposed: AgentTeam[] = [];
      for (const { path, content } of usable)
        try {
          if (isProposed) proposed.push(await proposedTeam(content));
          else await teamFromFile(content);
        } catch (error) {
          // Of a member, or of the agent file that it names.
          if (!(error instanceof CoditectError)) throw error;
          problems.push({ path, ...toWireError(error) });
        }
      return { proposed, problems };
    },

    agentOf,

    checkTeam: (team) => {
      checkTeam(store, team);
    },

    checkAvailable: async (members) => {
      for (const member of members) checkOnline(await agentOf(member));
    },

    checkTeamName: async (name) => {
      const { usable, unusable } = await teamFiles();
      const ofProject = [...usable.map(({ content }) => content), ...unusable];
      const isTaken = [...builtInTeams, ...ofProject].some((team) => team.name === name);
      if (isTaken || store.all("teams", { name }).length > 0)
        throw fail("name_taken", { kind: "team", name });
    },

    restoreTeam: async (team) => {
      const id = templates.of(team.team_id)?.template_id;
      const file = builtInTeams.find(({ name }) => templateId("team", name) === id);
      const restored = file === undefined ? null : await builtInTeam(file, true, true);
      if (restored === null) throw fail("not_a_default", { what: `The team ${team.name}` });
      return restored;
    },

    restoreAgent: async (agent) => {
      const id = templates.of(agent.agent_id)?.template_id;
      const type = AgentType.options.find((each) => templateId("agent", each) === id);
      const restored = type === undefined ? null : await defaultAgent(type, true);
      if (restored === null) throw fail("not_a_default", { what: `The agent ${agent.name}` });
      return restored;
    },

    checkChangeable: async (recordId) => {
      const file = await fileOf(recordId);
      if (file !== null) throw fail("defined_in_file", { what: file.content.name, path: file.path });
    },
  };
};
