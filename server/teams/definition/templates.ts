import { createHash } from "node:crypto";
import type { AgentConfig } from "../../../schemas/agent.ts";
import type { AgentTeam } from "../../../schemas/team.ts";
import type { Template } from "../../../schemas/templates.ts";
import type { Store, Transaction } from "../../store/store.ts";

/** The fields of a team that a template defines. */
export type TeamContent = Pick<AgentTeam, "name" | "description" | "members" | "workflow_stages">;
/** The fields of an agent that a template defines. */
export type AgentContent = Pick<
  AgentConfig,
  "name" | "agent_type" | "custom_type" | "provider" | "capabilities" | "settings"
>;

export const teamContent = ({ name, description, members, workflow_stages }: TeamContent): TeamContent => ({
  name,
  description,
  members,
  workflow_stages,
});

export const agentContent = (agent: AgentContent): AgentContent => ({
  name: agent.name,
  agent_type: agent.agent_type,
  ...(agent.custom_type !== undefined && { custom_type: agent.custom_type }),
  provider: agent.provider,
  capabilities: agent.capabilities,
  settings: agent.settings,
});

/** A hash of the content, which does not depend on the order of fields. */
export const digestOf = (content: unknown): string => {
  const sorted = (_key: string, value: unknown): unknown =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1)))
      : value;
  return createHash("sha256").update(JSON.stringify(content, sorted)).digest("hex");
};

export const templateId = (kind: "team" | "agent" | "team-file" | "agent-file", name: string): string =>
  `${kind}:${encodeURIComponent(name.toWellFormed())}`;

/** How records of one kind are stored, and which of their fields a template defines. */
interface Kind<Kept, Content> {
  get: (store: Store, id: string) => Kept | null;
  put: (transaction: Transaction, record: Kept) => void;
  idOf: (record: Kept) => string;
  contentOf: (record: Kept) => Content;
}

const teams: Kind<AgentTeam, TeamContent> = {
  get: (store, id) => store.get("teams", id),
  put: (transaction, team) => {
    transaction.put("teams", team);
  },
  idOf: ({ team_id }) => team_id,
  contentOf: teamContent,
};

const agents: Kind<AgentConfig, AgentContent> = {
  get: (store, id) => store.get("agents", id),
  put: (transaction, agent) => {
    transaction.put("agents", agent);
  },
  idOf: ({ agent_id }) => agent_id,
  contentOf: agentContent,
};

/** The current template, and how it becomes a record. */
interface Described<Kept, Content> {
  id: string;
  source: Template["source"];
  /** Its content. `stored` is the record, if only the template has changed it so far. */
  content: (stored: Kept | null) => Content;
  /** A new record with this content, or the stored one with its content replaced. */
  record: (content: Content, stored: Kept | null) => Kept;
  /** Whether it is created again if the user deleted it. */
  revives: boolean;
  /** Whether the user's edits are discarded, because the user asked for that. */
  restores?: boolean;
}

/**
 * Stores the records of templates. Each is created once, and follows its template until somebody edits the record.
 * The result is null if the user deleted the record.
 */
export interface Templates {
  team(described: Described<AgentTeam, TeamContent>): Promise<AgentTeam | null>;
  agent(described: Described<AgentConfig, AgentContent>): Promise<AgentConfig | null>;
  /** The template that a record was stored from; null if it is the user's own. */
  of(recordId: string): Template | null;
}

export const createTemplates = (store: Store): Templates => {
  const publish = async <Kept, Content>(
    kind: Kind<Kept, Content>,
    { id, source, content, record, revives, restores = false }: Described<Kept, Content>,
  ): Promise<Kept | null> => {
    const make = async (stored: Kept | null): Promise<Kept> => {
      const said = content(stored);
      const kept = record(said, stored);
      const noted = { template_id: id, tenant_id: store.tenantId, source, record_id: kind.idOf(kept) };
      // The decision and the write happen in one turn of the event loop, so that two callers that publish at
      // the same time create one record.
      await store.commit((transaction) => {
        kind.put(transaction, kept);
        transaction.put("templates", { ...noted, digest: digestOf(said) });
      });
      return kept;
    };

    const noted = store.get("templates", id);
    if (noted === null) return make(null);
    const stored = kind.get(store, noted.record_id);
    if (stored === null) return revives ? make(null) : null;
    if (restores) return make(stored);
    const isTheirs = digestOf(kind.contentOf(stored)) !== noted.digest;
    return isTheirs || digestOf(content(stored)) === noted.digest ? stored : make(stored);
  };

  return {
    team: (described) => publish(teams, described),
    agent: (described) => publish(agents, described),
    of: (recordId) => store.all("templates").find(({ record_id }) => record_id === recordId) ?? null,
  };
};
