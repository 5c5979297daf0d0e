import { fail } from "../../../schemas/errors.ts";
import type { AgentTeam, WorkflowStage } from "../../../schemas/team.ts";
import { ToolName } from "../../../schemas/tools.ts";
import { unknownVariables } from "./prompts.ts";

type Workflow = Pick<AgentTeam, "name" | "members" | "workflow_stages">;

/** One thing that keeps a team from running. */
export interface WorkflowProblem {
  /** Where it is: property names and array indexes, as in the team's file. */
  path: (string | number)[];
  message: string;
}

const duplicates = (names: readonly string[]): number[] =>
  names.flatMap((name, index) => (names.indexOf(name) < index ? [index] : []));

/** Names of the stages a stage needs, directly or through others; without itself unless in a cycle. */
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

const stageProblems = (workflow: Workflow, stage: WorkflowStage, index: number): WorkflowProblem[] => {
  const problems: WorkflowProblem[] = [];
  const stages = workflow.workflow_stages;
  const at = (path: (string | number)[], message: string) =>
    problems.push({ path: ["workflow_stages", index, ...path], message });

  if (!workflow.members.some((member) => member.role === stage.member)) {
    at(["member"], `there is no member ${stage.member}`);
  }
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
    if (!ToolName.options.some((known) => known === tool))
      at(["tools", position], `there is no tool ${tool}`);
  });
  for (const name of unknownVariables(stage.prompt)) at(["prompt"], `there is no variable {{${name}}}`);
  return problems;
};

/** Everything that keeps a team from running; empty when it can. */
export const workflowProblems = (workflow: Workflow): WorkflowProblem[] => [
  ...duplicates(workflow.members.map((member) => member.role)).map((index) => ({
    path: ["members", index, "role"],
    message: "this role is there twice",
  })),
  ...duplicates(workflow.workflow_stages.map((stage) => stage.name)).map((index) => ({
    path: ["workflow_stages", index, "name"],
    message: "this stage is there twice",
  })),
  ...workflow.workflow_stages.flatMap((stage, index) => stageProblems(workflow, stage, index)),
];

/** Errors: `invalid_workflow`, with every problem and its place. */
export const checkWorkflow = (workflow: Workflow): void => {
  const problems = workflowProblems(workflow);
  if (problems.length === 0) return;
  const text = problems.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; ");
  throw fail("invalid_workflow", { name: workflow.name, problems: text });
};
