/**
 * A node of a tree is a string, so that two nodes with the same content are equal: VS Code finds nodes to
 * redraw by equality. The part after the last fixed field may contain colons.
 */
export type Node =
  | { kind: "run"; task_id: string }
  | { kind: "stage"; task_id: string; stage: string }
  | { kind: "execution"; execution_id: string }
  | { kind: "gate"; execution_id: string; gate: string }
  | { kind: "quality"; execution_id: string }
  | { kind: "changes"; task_id: string }
  | { kind: "file"; task_id: string; path: string }
  | { kind: "findings"; task_id: string }
  | { kind: "finding"; task_id: string; finding_id: string }
  | { kind: "more" }
  | { kind: "type"; agent_type: string }
  | { kind: "instance"; instance_id: string };

/** The roots. Touch them when a list of runs or of agent types itself changes. */
export const roots = { runs: "runs", agents: "agents" } as const;

export const nodeId = {
  run: (taskId: string) => `run:${taskId}`,
  stage: (taskId: string, stage: string) => `stage:${taskId}:${stage}`,
  execution: (executionId: string) => `execution:${executionId}`,
  gate: (executionId: string, gate: string) => `gate:${executionId}:${gate}`,
  quality: (executionId: string) => `quality:${executionId}`,
  changes: (taskId: string) => `changes:${taskId}`,
  file: (taskId: string, path: string) => `file:${taskId}:${path}`,
  findings: (taskId: string) => `findings:${taskId}`,
  finding: (taskId: string, findingId: string) => `finding:${taskId}:${findingId}`,
  more: () => "more",
  type: (agentType: string) => `type:${agentType}`,
  instance: (instanceId: string) => `instance:${instanceId}`,
};

const pattern = /^([a-z]+)(?::([^:]*))?(?::(.*))?$/s;

/** Parses a node ID. Null for a root or any other text. */
export const parseNode = (id: string): Node | null => {
  const [, kind = "", first = "", rest = ""] = pattern.exec(id) ?? [];
  switch (kind) {
    case "run":
    case "changes":
    case "findings":
      return { kind, task_id: first };
    case "stage":
      return { kind, task_id: first, stage: rest };
    case "execution":
    case "quality":
      return { kind, execution_id: first };
    case "gate":
      return { kind, execution_id: first, gate: rest };
    case "file":
      return { kind, task_id: first, path: rest };
    case "finding":
      return { kind, task_id: first, finding_id: rest };
    case "more":
      return { kind };
    case "type":
      return { kind, agent_type: first };
    case "instance":
      return { kind, instance_id: first };
    default:
      return null;
  }
};
