import type { AgentConfig } from "../../../schemas/agent.ts";
import { CoditectError, fail, toWireError } from "../../../schemas/errors.ts";
import { Uuid } from "../../../schemas/primitives.ts";
import type { AgentTeam, FileProblem, TeamMember } from "../../../schemas/team.ts";
import type { Consents } from "../../platform/consents.ts";
import type { Store } from "../../store/store.ts";
import { builtInTeams } from "./built-in.ts";
import { Defaults } from "./defaults.ts";
import { checkOnline, checkTeam } from "./members.ts";
import { ProjectFiles } from "./project-files.ts";
import { TemplateRecords, type RecordParts } from "./records.ts";
import { createTemplates, type Templates } from "./templates.ts";

export interface ConfigurationParts extends RecordParts {
  /** The absolute path. Its `.coditect/` contains agent and team files. */
  workspace: string;
  settings: RecordParts["settings"] & { readonly untrusted?: boolean };
  consents: Pick<Consents, "has">;
}

/** Notices about a workspace's teams after all valid ones are stored. */
export interface PublishedTeams {
  /** Teams in files that the user has not allowed yet, with the IDs that they will have. */
  proposed: AgentTeam[];
  /** Team files that cannot be used. They do not affect other teams. */
  problems: FileProblem[];
}

/** The agents and teams of a workspace: stored ones, files in version control, built-in ones. */
export interface Configuration {
  /**
   * The team with this ID or name. A file of the project takes precedence over a stored team of the same name.
   * Errors: `unknown_workflow`; `configuration_unconfirmed` for a team in files whose current content the user
   * has not allowed.
   */
  team(idOrName: string): Promise<AgentTeam>;
  /** Stores the built-in teams once, and the current teams of files, so that lists contain them. */
  publishTeams(): Promise<PublishedTeams>;
  /** The agent of a member. The default agent of a type is created when first needed. */
  agentOf(member: TeamMember): Promise<AgentConfig>;
  /** Errors: `invalid_workflow` for a team that cannot run, or whose members cannot do their stages. */
  checkTeam(team: Pick<AgentTeam, "name" | "members" | "workflow_stages">): void;
  /** Errors: `agent_offline` if the agent of a member may get no work. */
  checkAvailable(members: readonly TeamMember[]): Promise<void>;
  /** Errors: `name_taken` if a stored team, a file or a built-in team has this name. */
  checkTeamName(name: string): Promise<void>;
  /** Restores a built-in team, discarding the user's edits. Error: `not_a_default`. */
  restoreTeam(team: AgentTeam): Promise<AgentTeam>;
  /** Restores a default agent, discarding the user's edits. Error: `not_a_default`. */
  restoreAgent(agent: AgentConfig): Promise<AgentConfig>;
  /** Errors: `defined_in_file` for a team or agent that a file of the project defines. */
  checkChangeable(recordId: string): Promise<void>;
}

export class WorkspaceConfiguration implements Configuration {
  readonly #store: Store;
  readonly #templates: Templates;
  readonly #defaults: Defaults;
  readonly #files: ProjectFiles;

  constructor({ workspace, settings, consents, ...parts }: ConfigurationParts) {
    this.#store = parts.store;
    this.#templates = createTemplates(parts.store);
    const records = new TemplateRecords({ ...parts, settings });
    this.#defaults = new Defaults(this.#templates, records);
    this.#files = new ProjectFiles({
      ...{ workspace, settings, consents, records },
      templates: this.#templates,
      tenantId: parts.store.tenantId,
    });
  }

  async team(idOrName: string): Promise<AgentTeam> {
    const { usable, unusable } = await this.#files.teams();
    const ofProject = usable.map(({ content }) => content);
    const stored = Uuid.safeParse(idOrName).success ? this.#store.get("teams", idOrName) : null;
    const isOfFile = stored !== null && this.#templates.of(stored.team_id)?.source === "file";
    const isMeant = ({ name }: { name: string }) =>
      stored === null
        ? name === idOrName || this.#files.idOf(name) === idOrName
        : isOfFile && name === stored.name;
    const broken = unusable.find(isMeant);
    if (broken !== undefined) throw broken.problem;
    const file = ofProject.find(isMeant);
    if (file !== undefined) {
      // It may have changed since the user allowed it.
      this.#files.demandConsent(file.name);
      return this.#files.publish(file);
    }
    if (stored !== null) return stored;
    const builtIn = builtInTeams.find(({ name }) => name === idOrName);
    const team =
      (builtIn && (await this.#defaults.team(builtIn, { revives: true }))) ??
      this.#store.all("teams", { name: idOrName })[0];
    if (team !== undefined) return team;
    const named = [...builtInTeams, ...ofProject, ...this.#store.all("teams")].map(({ name }) => name);
    throw fail("unknown_workflow", { name: idOrName, names: [...new Set(named)].join(", ") });
  }

  async publishTeams(): Promise<PublishedTeams> {
    const { usable, unusable } = await this.#files.teams();
    const problems = unusable.map(({ path, problem }) => ({ path, ...toWireError(problem) }));
    const names = new Set([...usable.map(({ content }) => content), ...unusable].map(({ name }) => name));
    for (const file of builtInTeams) if (!names.has(file.name)) await this.#defaults.team(file);
    const isProposed = !this.#files.areAllowed();
    const proposed: AgentTeam[] = [];
    for (const { path, content } of usable)
      try {
        if (isProposed) proposed.push(await this.#files.propose(content));
        else await this.#files.publish(content);
      } catch (error) {
        // The error is about a member, or about the agent file that it names.
        if (!(error instanceof CoditectError)) throw error;
        problems.push({ path, ...toWireError(error) });
      }
    return { proposed, problems };
  }

  async agentOf({ agent_id, agent_type }: TeamMember): Promise<AgentConfig> {
    if (agent_id === null) return this.#defaults.agent(agent_type);
    const agent = this.#store.get("agents", agent_id);
    if (agent === null) throw fail("not_found", { kind: "agent", id: agent_id });
    return agent;
  }

  checkTeam(team: Pick<AgentTeam, "name" | "members" | "workflow_stages">): void {
    checkTeam(this.#store, team);
  }

  async checkAvailable(members: readonly TeamMember[]): Promise<void> {
    for (const member of members) checkOnline(await this.agentOf(member));
  }

  async checkTeamName(name: string): Promise<void> {
    const { usable, unusable } = await this.#files.teams();
    const ofProject = [...usable.map(({ content }) => content), ...unusable];
    const isTaken = [...builtInTeams, ...ofProject].some((team) => team.name === name);
    if (isTaken || this.#store.all("teams", { name }).length > 0)
      throw fail("name_taken", { kind: "team", name });
  }

  restoreTeam(team: AgentTeam): Promise<AgentTeam> {
    return this.#defaults.restoreTeam(team);
  }

  restoreAgent(agent: AgentConfig): Promise<AgentConfig> {
    return this.#defaults.restoreAgent(agent);
  }

  async checkChangeable(recordId: string): Promise<void> {
    const file = await this.#files.fileOf(recordId);
    if (file !== null) throw fail("defined_in_file", { what: file.content.name, path: file.path });
  }
}
