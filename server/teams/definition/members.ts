import { fail } from "../../../schemas/errors.ts";
import type { AgentConfig } from "../../../schemas/agent.ts";
import type { AgentTeam, TeamMember } from "../../../schemas/team.ts";
import type { Store } from "../../store/store.ts";

/** Why a member cannot take part, in words; null: it can. */
const problemOf = (store: Store, { agent_id, agent_type }: TeamMember): string | null => {
  if (agent_id === null) return null;
  const agent = store.get("agents", agent_id);
  if (agent === null) return `there is no agent ${agent_id}`;
  if (agent.agent_type !== agent_type) return `${agent.name} is a ${agent.agent_type}, not a ${agent_type}`;
  return null;
};

/** Errors: `invalid_workflow`, with every member whose agent is not there or of another type. */
export const checkMembers = (store: Store, team: Pick<AgentTeam, "name" | "members">): void => {
  const problems = team.members.flatMap((member, index) => {
    const problem = problemOf(store, member);
    return problem === null ? [] : [`members.${index}.agent_id: ${problem}`];
  });
  if (problems.length > 0) throw fail("invalid_workflow", { name: team.name, problems: problems.join("; ") });
};

/** Error: `agent_offline`. The user took the agent out of service, so it gets no work. */
export const checkOnline = ({ name, status }: AgentConfig): void => {
  if (status === "Offline") throw fail("agent_offline", { name });
};

/** Teams an agent is a member of. */
export const teamsOf = (store: Store, agentId: string): AgentTeam[] =>
  store.all("teams").filter(({ members }) => members.some(({ agent_id }) => agent_id === agentId));

/** Role of the one member of a team that was made for an execution outside any team. */
export const ROLE_ALONE = "agent";

/** Whether a team was made for an execution outside any team, and goes with its agent. */
export const isTeamOfOne = ({ members: [member, ...others] }: AgentTeam): boolean =>
  others.length === 0 && member?.role === ROLE_ALONE;
