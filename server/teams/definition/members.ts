import { fail } from "../../../schemas/errors.ts";
import type { AgentCapability, AgentConfig } from "../../../schemas/agent.ts";
import type { AgentTeam, TeamMember, WorkflowStage } from "../../../schemas/team.ts";
import { defaultCapabilities } from "../../models/agent.ts";
import { lackingFor } from "../../models/capabilities.ts";
import type { Store } from "../../store/store.ts";
import { templateId } from "./templates.ts";
import { checkWorkflow } from "./validate.ts";

/** Why a member cannot take part; null if it can. */
const problemOf = (store: Store, { agent_id, agent_type }: TeamMember): string | null => {
  if (agent_id === null) return null;
  const agent = store.get("agents", agent_id);
  if (agent === null) return `there is no agent ${agent_id}`;
  if (agent.agent_type !== agent_type) return `${agent.name} is a ${agent.agent_type}, not a ${agent_type}`;
  return null;
};

/** The stored capabilities of a member's agent. A default agent starts with those of its type. */
const capabilitiesOf =
  (store: Store) =>
  ({ agent_id, agent_type }: TeamMember): readonly AgentCapability[] | null => {
    const id = agent_id ?? store.get("templates", templateId("agent", agent_type))?.record_id;
    const agent = id === undefined ? null : store.get("agents", id);
    return agent?.capabilities ?? (agent_id === null ? defaultCapabilities(agent_type) : null);
  };

/**
 * Checks that a team can run. Errors: `invalid_workflow` with all problems, including members whose agent does not
 * exist or has another type.
 */
export const checkTeam = (
  store: Store,
  team: Pick<AgentTeam, "name" | "members" | "workflow_stages">,
): void => {
  const problems = team.members.flatMap((member, index) => {
    const problem = problemOf(store, member);
    return problem === null ? [] : [`members.${index}.agent_id: ${problem}`];
  });
  if (problems.length === 0) checkWorkflow(team, capabilitiesOf(store));
  if (problems.length > 0) throw fail("invalid_workflow", { name: team.name, problems: problems.join("; ") });
};

/** Error: `capability_missing`. The agent may have changed since its team was checked. */
export const checkCapable = ({ name, capabilities }: AgentConfig, stage: WorkflowStage): void => {
  const needed = lackingFor(stage, capabilities);
  if (needed !== null) throw fail("capability_missing", { name, stage: stage.name, needed });
};

/** Error: `agent_offline`. The user took the agent out of service, so it gets no work. */
export const checkOnline = ({ name, status }: AgentConfig): void => {
  if (status === "Offline") throw fail("agent_offline", { name });
};

/** The teams that an agent is a member of. */
export const teamsOf = (store: Store, agentId: string): AgentTeam[] =>
  store.all("teams").filter(({ members }) => members.some(({ agent_id }) => agent_id === agentId));

/** The role of the only member of a team that was created for an execution outside any team. */
export const ROLE_ALONE = "agent";

/** Whether a team was created for an execution outside any team. It is deleted with its agent. */
export const isTeamOfOne = ({ members: [member, ...others] }: AgentTeam): boolean =>
  others.length === 0 && member?.role === ROLE_ALONE;
