import { randomUUID } from "node:crypto";
import { stat } from "node:fs/promises";
import { basename, dirname } from "node:path";
import type { AgentConfig } from "../../../schemas/agent.ts";
import type { StartRun } from "../../../schemas/contract.ts";
import { fail } from "../../../schemas/errors.ts";
import type { Timestamp } from "../../../schemas/primitives.ts";
import type { Task } from "../../../schemas/run.ts";
import type { AgentTeam } from "../../../schemas/team.ts";
import { subjectOfData } from "../../context/task-data.ts";
import { readTarget } from "../../context/target.ts";
import type { Store } from "../../store/store.ts";
import { ROLE_ALONE } from "../definition/members.ts";
import { ignoreRules } from "../../workspace/ignore.ts";

/** The default task of a workflow. */
const defaultTask = (workflow: string, { file, data }: Pick<StartRun, "file" | "data">): string => {
  const part = subjectOfData(data);
  if (part !== null) return `Look at ${part} and at what it touches; report nothing that lies elsewhere.`;
  const subject = file ?? "this project";
  if (workflow === "review" || workflow === "security") return `Look at the whole of ${subject}.`;
  if (workflow === "tdd") return `Cover ${subject} with tests and mend what they show to be wrong.`;
  return `Work on ${subject}.`;
};

/** Workflows whose first stage depends on the task's text alone. */
const needWords: ReadonlySet<string> = new Set(["bug-fix", "architecture"]);

/** Creates the task of a run. Error: `task_needed` if the workflow cannot begin without one. */
export const newTask = (tenantId: string, workflow: string, request: StartRun, now: Timestamp): Task => {
  const { file, data } = request;
  const isSilent = request.task.trim() === "";
  if (isSilent && file === null && data === null && needWords.has(workflow))
    throw fail("task_needed", { workflow });
  return {
    task_id: randomUUID(),
    tenant_id: tenantId,
    workflow,
    description: isSilent ? defaultTask(workflow, request) : request.task,
    file,
    data,
    created_at: now,
  };
};

/** A team of one agent and one stage, for an execution outside any team. It is created once per agent. */
export const teamOfOne = async (store: Store, agent: AgentConfig, now: Timestamp): Promise<AgentTeam> => {
  const name = `only ${agent.name}`;
  const known = store.all("teams", { name }).find((team) => team.members[0]?.agent_id === agent.agent_id);
  if (known !== undefined) return known;
  const team: AgentTeam = {
    team_id: randomUUID(),
    tenant_id: store.tenantId,
    name,
    description: `${agent.name} alone.`,
    members: [{ agent_id: agent.agent_id, role: ROLE_ALONE, agent_type: agent.agent_type }],
    workflow_stages: [
      {
        name: "work",
        member: ROLE_ALONE,
        depends_on: [],
        prompt: "{{task}}",
        write_access: "none",
        tools: null,
        gates: [],
        on_failure: null,
        inputs: null,
        condition: "always",
        approval: false,
        max_turns: 40,
        timeout_seconds: 1800,
      },
    ],
    created_at: now,
    updated_at: now,
  };
  await store.commit((transaction) => {
    transaction.put("teams", team);
  });
  return team;
};

/** Refuses a task that cannot begin, before anything of it is stored. Errors: those of `readTarget`. */
export const checkTask = async (workspace: string, { file, options }: StartRun): Promise<void> => {
  const found = await stat(workspace).catch(() => null);
  if (found?.isDirectory() !== true) {
    throw fail("file_not_found", { path: basename(workspace), workspace: dirname(workspace) });
  }
  if (file !== null) readTarget(workspace, file, ignoreRules(workspace), options.overlays);
};
