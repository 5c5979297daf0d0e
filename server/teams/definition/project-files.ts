import { AgentType, type AgentConfig } from "../../../schemas/agent.ts";
import { fail } from "../../../schemas/errors.ts";
import type { AgentFile, AgentTeam, TeamFile, TeamMember } from "../../../schemas/team.ts";
import { changedSettings, defaultSettings } from "../../models/agent.ts";
import type { Consents } from "../../platform/consents.ts";
import { namedUuid } from "../../platform/named-uuid.ts";
import { configurationFiles, configurationHash } from "../../workspace/configuration.ts";
import { builtInTeams } from "./built-in.ts";
import { defaultContent } from "./default-agent.ts";
import { areOrdinaryTeams, describeConfiguration } from "./describe.ts";
import { type Files, readAgentFiles, readTeamFiles, type Read } from "./files.ts";
import type { TemplateRecords } from "./records.ts";
import { templateId, type Templates } from "./templates.ts";
import { baseTypeOf } from "./types.ts";

interface ProjectParts {
  /** The absolute path. Its `.coditect/` contains agent and team files. */
  workspace: string;
  tenantId: string;
  settings: { readonly untrusted?: boolean };
  consents: Pick<Consents, "has">;
  templates: Templates;
  records: TemplateRecords;
}

type MemberOfFile = TeamFile["members"][number];

const noAgentFile = (team: string, index: number, { agent, agent_type }: MemberOfFile) => {
  const what = agent === undefined ? `with the type ${agent_type}` : `named ${agent}`;
  const problems = `members.${index}.agent: there is no agent file ${what}`;
  return fail("invalid_workflow", { name: team, problems });
};

/** The agents and teams that files of the project define. */
export class ProjectFiles {
  readonly #parts: ProjectParts;

  constructor(parts: ProjectParts) {
    this.#parts = parts;
  }

  /** The teams of files. An untrusted workspace provides no teams and agents. */
  teams(): Promise<Files<TeamFile>> {
    const { settings, workspace } = this.#parts;
    return settings.untrusted === true
      ? Promise.resolve({ usable: [], unusable: [] })
      : readTeamFiles(workspace);
  }

  /** The ID of a file's team. It is always the same, so that a team can be named before it is stored. */
  idOf(name: string): string {
    const { tenantId, workspace } = this.#parts;
    return namedUuid(`${tenantId}\n${workspace}\n${name}`);
  }

  /** Whether the user has allowed the current content of `.coditect/`. */
  areAllowed(): boolean {
    const { consents, workspace } = this.#parts;
    return consents.has("configuration", configurationHash(configurationFiles(workspace)));
  }

  /** Errors: `team_unconfirmed`, `configuration_unconfirmed` unless the user has allowed the files. */
  demandConsent(name: string): void {
    const files = configurationFiles(this.#parts.workspace);
    const hash = configurationHash(files);
    if (this.#parts.consents.has("configuration", hash)) return;
    const isOrdinary = areOrdinaryTeams(files, new Set(builtInTeams.map((team) => team.name)));
    const code = isOrdinary ? "team_unconfirmed" : "configuration_unconfirmed";
    throw fail(code, { name, what: describeConfiguration(files), hash });
  }

  /** The file that a stored team or agent comes from; null if there is none. */
  async fileOf(recordId: string): Promise<Read<AgentFile | TeamFile> | null> {
    const template = this.#parts.templates.of(recordId);
    if (template?.source !== "file") return null;
    const isOf = ({ content }: Read<AgentFile | TeamFile>, kind: "team-file" | "agent-file") =>
      templateId(kind, content.name) === template.template_id;
    const team = (await this.teams()).usable.find((file) => isOf(file, "team-file"));
    if (team !== undefined) return team;
    const agents = await readAgentFiles(this.#parts.workspace);
    return agents.usable.find((file) => isOf(file, "agent-file")) ?? null;
  }

  /** The team of a file for lists. Its agents are stored only after the user has allowed the file. */
  async propose({ name, description, workflow_stages, members }: TeamFile): Promise<AgentTeam> {
    const agents = (await readAgentFiles(this.#parts.workspace)).usable.map(({ content }) => content);
    const proposed = members.map((member, index) => {
      const { role, agent_type } = member;
      const own = agents.find((agent) => agent.agent_type === agent_type);
      const base = baseTypeOf(own ?? { agent_type });
      if (base === null) throw noAgentFile(name, index, { role, agent_type });
      return { role, agent_type: base, agent_id: null };
    });
    const content = { name, description, members: proposed, workflow_stages };
    return this.#parts.records.team(this.idOf(name), content, null);
  }

  /** Stores the team of a file under the ID of `idOf`. */
  async publish(file: TeamFile): Promise<AgentTeam> {
    const members = await Promise.all(
      file.members.map((member, index) => this.#member(file.name, member, index)),
    );
    const { name, description, workflow_stages } = file;
    const team = await this.#parts.templates.team({
      id: templateId("team-file", name),
      source: "file",
      content: () => ({ name, description, members, workflow_stages }),
      record: (content, stored) =>
        this.#parts.records.team(stored?.team_id ?? this.idOf(name), content, stored),
      revives: true,
    });
    return team ?? this.propose(file);
  }

  async #member(team: string, member: MemberOfFile, index: number): Promise<TeamMember> {
    const { role, agent_type, agent } = member;
    const documented = AgentType.safeParse(agent_type).data;
    if (agent === undefined && documented !== undefined)
      return { role, agent_type: documented, agent_id: null };
    const { usable, unusable } = await readAgentFiles(this.#parts.workspace);
    const file = usable.find(({ content }) =>
      agent === undefined ? content.agent_type === agent_type : content.name === agent,
    );
    if (file === undefined) {
      // A type that no valid file defines is probably defined in an invalid one.
      const broken = unusable.find(({ name }) => agent === undefined || name === agent);
      throw broken?.problem ?? noAgentFile(team, index, member);
    }
    const base = baseTypeOf(file.content);
    if (base === null || file.content.agent_type !== agent_type) {
      const { name, agent_type: type } = file.content;
      const problems = `members.${index}.agent: ${name} is a ${type}, not a ${agent_type} (${file.path})`;
      throw fail("invalid_workflow", { name: team, problems });
    }
    const stored = await this.#agent(file.content, base);
    return { role, agent_type: base, agent_id: stored?.agent_id ?? null };
  }

  /** Stores the current agent of an agent file. */
  #agent(file: AgentFile, type: AgentType): Promise<AgentConfig | null> {
    const { templates, records } = this.#parts;
    return templates.agent({
      id: templateId("agent-file", file.name),
      source: "file",
      content: (stored) => {
        const provider = records.providerFor(stored, type, file.provider);
        return {
          ...defaultContent(type, provider),
          name: file.name,
          ...(file.agent_type !== type && { custom_type: file.agent_type }),
          ...(file.capabilities !== undefined && { capabilities: file.capabilities }),
          settings: changedSettings(defaultSettings(provider, type), file.settings ?? {}),
        };
      },
      record: (content, stored) => records.agent(content, stored),
      revives: true,
    });
  }
}
