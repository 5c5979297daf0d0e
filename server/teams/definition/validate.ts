import { fail } from "../../../schemas/errors.ts";
import type { AgentCapability } from "../../../schemas/agent.ts";
import type { AgentTeam, TeamMember, WorkflowStage } from "../../../schemas/team.ts";
import { defaultCapabilities } from "../../models/agent.ts";
import { lackingFor } from "../../models/capabilities.ts";
import { isAttemptable } from "./attempts.ts";
import { isToolName } from "./tools.ts";
import { unknownVariables } from "./prompts.ts";

/** Returns what the agent of a member can do; null if this is not known yet and is checked later. */
type CapabilitiesOf = (member: TeamMember) => readonly AgentCapability[] | null;

/** The capabilities of the member's type; null if it names an agent. */
const ofType: CapabilitiesOf = ({ agent_id, agent_type }) =>
  agent_id === null ? defaultCapabilities(agent_type) : null;

type Workflow = Pick<AgentTeam, "name" | "members" | "workflow_stages">;

/** A problem that keeps a team from running. */
export interface WorkflowProblem {
  /** Its place in the team's file, as property names and array indexes. */
  path: (string | number)[];
  message: string;
}

const duplicates = (names: readonly string[]): number[] =>
  names.flatMap((name, index) => (names.indexOf(name) < index ? [index] : []));

/** Names of the stages that a stage needs directly or indirectly. If there is a cycle, they include itself. */
export const ancestors = (stages: readonly WorkflowStage[], name: string): Set<string> => {
  const found = new Set<string>();
  const open = [name];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const dependency of stages.find((stage) => stage.name === next)?.depends_on ?? []) {
      if (!found.has(dependency)) {
        found.add(dependency);
        open.push(dependency);
      }
    }
  }
  return found;
};

const stageProblems = (
  workflow: Workflow,
  capabilitiesOf: CapabilitiesOf,
  stage: WorkflowStage,
  index: number,
): WorkflowProblem[] => {
  const problems: WorkflowProblem[] = [];
  const stages = workflow.workflow_stages;
  const at = (path: (string | number)[], message: string) =>
    problems.push({ path: ["workflow_stages", index, ...path], message });

  const member = workflow.members.find(({ role }) => role === stage.member);
  if (member === undefined) at(["member"], `there is no member ${stage.member}`);
  const capabilities = member === undefined ? null : capabilitiesOf(member);
  const lacking = capabilities === null ? null : lackingFor(stage, capabilities);
  if (lacking !== null) at(["member"], `${stage.member} cannot do this stage: it needs ${lacking}`);
  stage.depends_on.forEach((name, position) => {
    if (!stages.some((other) => other.name === name))
      at(["depends_on", position], `there is no stage ${name}`);
  });
  const before = ancestors(stages, stage.name);
  if (before.has(stage.name))
    at(["depends_on"], `${stage.name} depends on itself, through other stages or directly`);
  stage.inputs?.forEach((name, position) => {
    if (!before.has(name)) at(["inputs", position], `${name} does not come before ${stage.name}`);
  });
  const back = stage.on_failure?.back_to;
  if (back !== undefined && back !== stage.name && !before.has(back)) {
    at(["on_failure", "back_to"], `${back} does not come before ${stage.name}`);
  }
  if (stage.on_failure !== null && stage.gates.length === 0) {
    at(["on_failure"], "a stage without gates cannot fail one");
  }
  if (stage.write_access !== "none" && stage.gates.length === 0) {
    at(["gates"], "a stage that may write needs at least one gate");
  }
  stage.tools?.forEach((tool, position) => {
    // An agent that is named may have its own tools, which are not known here.
    const mayBeOwn = member !== undefined && capabilities === null;
    if (!mayBeOwn && !isToolName(tool)) at(["tools", position], `there is no tool ${tool}`);
  });
  if ((stage.attempts ?? 1) > 1 && !isAttemptable(stage))
    at(
      ["attempts"],
      "only a stage that writes sources and has the gate green can be attempted several times",
    );
  stage.variations?.forEach(({ member: role, prompt }, position) => {
    if (role !== undefined && !workflow.members.some((other) => other.role === role))
      at(["variations", position, "member"], `there is no member ${role}`);
    for (const name of unknownVariables(prompt ?? ""))
      at(["variations", position, "prompt"], `there is no variable {{${name}}}`);
  });
  for (const name of unknownVariables(stage.prompt)) at(["prompt"], `there is no variable {{${name}}}`);
  return problems;
};

/**
 * Everything that keeps a team from running; empty if it can run.
 *
 * @param capabilitiesOf by default, an agent that is not named has the capabilities of its type.
 */
export const workflowProblems = (
  workflow: Workflow,
  capabilitiesOf: CapabilitiesOf = ofType,
): WorkflowProblem[] => [
  ...duplicates(workflow.members.map((member) => member.role)).map((index) => ({
    path: ["members", index, "role"],
    message: "this role occurs twice",
  })),
  ...duplicates(workflow.workflow_stages.map((stage) => stage.name)).map((index) => ({
    path: ["workflow_stages", index, "name"],
    message: "this stage occurs twice",
  })),
  ...workflow.workflow_stages.flatMap((stage, index) =>
    stageProblems(workflow, capabilitiesOf, stage, index),
  ),
];

/** Errors: `invalid_workflow`, with every problem and its place. */
export const checkWorkflow = (workflow: Workflow, capabilitiesOf?: CapabilitiesOf): void => {
  const problems = workflowProblems(workflow, capabilitiesOf);
  if (problems.length === 0) return;
  const text = problems.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; ");
  throw fail("invalid_workflow", { name: workflow.name, problems: text });
};
