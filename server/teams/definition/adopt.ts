import { AgentType, type AgentConfig } from "../../../schemas/agent.ts";
import type { AgentTeam } from "../../../schemas/team.ts";
import type { Template } from "../../../schemas/templates.ts";
import type { Store } from "../../store/store.ts";
import { builtInTeams } from "./built-in.ts";
import { defaultContent, titleOf } from "./default-agent.ts";
import { agentContent, digestOf, teamContent, templateId } from "./templates.ts";

/** Hashes of the built-in teams of versions that did not store templates. */
const formerTeams: ReadonlySet<string> = new Set([
  "cd6486e382f2ef3f86768457a3be027d92fbb565d70446b7d339069769ae80a6",
  "1342e0b5651ee3e04bcd1a180511b8814c455064db6e2b57b8580b8a742d008b",
  "edcbf1bc4814979980b188ac8d3fa5688dc12ad8309213274ddab748091ecb62",
  "cc87d2ca2461345478a7cea10b04f679ab3b97795e1863fffb14451affcbb293",
  "926a64ce87294200953e8f13a87e38a2b6f8154dc6874d9b9b39291704d8c3b1",
]);

/** Marks a folder's state as checked. No record has this ID. */
const LOOKED_THROUGH = "adopted";
const NO_RECORD = "00000000-0000-4000-8000-000000000000";
/** A hash that no content has. It marks a record as the user's own, which is kept. */
const THEIRS = "";

const digestOfTeam = (team: AgentTeam): string => {
  const digest = digestOf(teamContent(team));
  return formerTeams.has(digest) ? digest : THEIRS;
};

const digestOfAgent = (agent: AgentConfig): string => {
  const isDefault =
    digestOf(agentContent(agent)) === digestOf(defaultContent(agent.agent_type, agent.provider));
  return isDefault ? digestOf(agentContent(agent)) : THEIRS;
};

/**
 * Finds, once per state folder, which records of an earlier version were stored from built-in teams and
 * default agents, so that these are not stored a second time. A changed record is the user's.
 */
export const adoptFormer = async (store: Store): Promise<void> => {
  if (store.get("templates", LOOKED_THROUGH) !== null || store.readOnlyReason !== null) return;
  const note = (template_id: string, record_id: string, digest: string): Template => ({
    template_id,
    tenant_id: store.tenantId,
    source: "built-in",
    record_id,
    digest,
  });
  const teams = builtInTeams.flatMap(({ name }) => {
    const [team] = store.all("teams", { name });
    return team === undefined ? [] : [note(templateId("team", name), team.team_id, digestOfTeam(team))];
  });
  const agents = AgentType.options.flatMap((type) => {
    const agent = store.all("agents", { type }).find(({ name }) => name === titleOf(type));
    return agent === undefined ? [] : [note(templateId("agent", type), agent.agent_id, digestOfAgent(agent))];
  });
  await store.commit((transaction) => {
    for (const template of [...teams, ...agents, note(LOOKED_THROUGH, NO_RECORD, THEIRS)])
      transaction.put("templates", template);
  });
};
