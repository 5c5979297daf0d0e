import { AgentType } from "../../../schemas/agent.ts";
import { TeamFile } from "../../../schemas/team.ts";
import architecture from "./built-in/architecture.json" with { type: "json" };
import bugFix from "./built-in/bug-fix.json" with { type: "json" };
import review from "./built-in/review.json" with { type: "json" };
import security from "./built-in/security.json" with { type: "json" };
import type { TeamContent } from "./templates.ts";
import tdd from "./built-in/tdd.json" with { type: "json" };

/** The teams that come with the product. */
export const builtInTeams: readonly TeamFile[] = [tdd, bugFix, architecture, review, security].map((file) =>
  TeamFile.parse(file),
);

/** The stored form of such a team. Its members are the default agents of documented types. */
export const builtInContent = ({ name, description, members, workflow_stages }: TeamFile): TeamContent => ({
  name,
  description,
  members: members.map(({ role, agent_type }) => ({
    role,
    agent_type: AgentType.parse(agent_type),
    agent_id: null,
  })),
  workflow_stages,
});
