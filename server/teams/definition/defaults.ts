import { randomUUID } from "node:crypto";
import { AgentType, type AgentConfig } from "../../../schemas/agent.ts";
import { fail } from "../../../schemas/errors.ts";
import type { AgentTeam, TeamFile } from "../../../schemas/team.ts";
import { builtInContent, builtInTeams } from "./built-in.ts";
import { defaultContent } from "./default-agent.ts";
import type { TemplateRecords } from "./records.ts";
import { templateId, type Templates } from "./templates.ts";

/** What to do with a default that the user deleted or edited. By default, nothing. */
export interface Wanted {
  /** Restores a deleted one. */
  revives?: boolean;
  /** Discards the user's edits. */
  restores?: boolean;
}

/** The built-in teams and the default agents. */
export class Defaults {
  readonly #templates: Templates;
  readonly #records: TemplateRecords;

  constructor(templates: Templates, records: TemplateRecords) {
    this.#templates = templates;
    this.#records = records;
  }

  /** The default agent of a type, created again if the user deleted it. */
  async agent(type: AgentType): Promise<AgentConfig> {
    const agent = await this.#agent(type, false);
    if (agent === null) throw fail("not_found", { kind: "agent", id: type });
    return agent;
  }

  /** The built-in team; null if the user deleted it and `revives` is not set. */
  team(file: TeamFile, { revives = false, restores = false }: Wanted = {}): Promise<AgentTeam | null> {
    const { name, description, members, workflow_stages } = builtInContent(file);
    return this.#templates.team({
      id: templateId("team", name),
      source: "built-in",
      content: () => ({ name, description, members, workflow_stages }),
      record: (content, stored) => this.#records.team(stored?.team_id ?? randomUUID(), content, stored),
      revives,
      restores,
    });
  }

  /** Error: `not_a_default`. */
  async restoreTeam(team: AgentTeam): Promise<AgentTeam> {
    const id = this.#templates.of(team.team_id)?.template_id;
    const file = builtInTeams.find(({ name }) => templateId("team", name) === id);
    const restored = file === undefined ? null : await this.team(file, { revives: true, restores: true });
    if (restored === null) throw fail("not_a_default", { what: `The team ${team.name}` });
    return restored;
  }

  /** Error: `not_a_default`. */
  async restoreAgent(agent: AgentConfig): Promise<AgentConfig> {
    const id = this.#templates.of(agent.agent_id)?.template_id;
    const type = AgentType.options.find((each) => templateId("agent", each) === id);
    const restored = type === undefined ? null : await this.#agent(type, true);
    if (restored === null) throw fail("not_a_default", { what: `The agent ${agent.name}` });
    return restored;
  }

  #agent(type: AgentType, restores: boolean): Promise<AgentConfig | null> {
    return this.#templates.agent({
      id: templateId("agent", type),
      source: "built-in",
      content: (stored) => defaultContent(type, this.#records.providerFor(stored, type)),
      record: (content, stored) => this.#records.agent(content, stored),
      revives: true,
      restores,
    });
  }
}
