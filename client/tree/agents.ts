import type { Localizer } from "../../schemas/localizer.ts";
import type { AgentType } from "../../schemas/agent.ts";
import type { InstanceState } from "../../schemas/instance.ts";
import { executionItem, executionTooltip } from "./executions.ts";
import { formatCost, icons, plain, type Icon, type Item, type Tree } from "./item.ts";
import { describeProvider } from "./load.ts";
import type { InstanceRecord, Model } from "./model.ts";
import { nodeId, parseNode } from "./nodes.ts";

/** The number of executions below an instance. The Runs view shows all. */
const SHOWN_EXECUTIONS = 20;

/** The tree *Agents*: type → instances → their executions. */
export const agentsTree = (model: Model, l10n: Localizer): Tree => ({
  children: (node) => (node === null ? typeNodes(model) : childrenOf(model, node)),
  parent: (node) => parentOf(model, node),
  item: (node) => itemOf(model, node, l10n),
  tooltip: (node) => tooltipOf(model, node, l10n),
});

const typeNodes = (model: Model): string[] =>
  [...new Set([...model.agents.values()].map(({ agent }) => agent.agent_type))].toSorted().map(nodeId.type);

const typeOf = (model: Model, { instance }: InstanceRecord): AgentType | undefined =>
  model.agents.get(instance.agent_id)?.agent.agent_type;

const isGone = ({ instance }: InstanceRecord): boolean => instance.state === "Terminated";

const instancesOf = (model: Model, type: string): InstanceRecord[] =>
  [...model.instances.values()].filter((record) => typeOf(model, record) === type && !isGone(record));

const childrenOf = (model: Model, id: string): string[] => {
  const node = parseNode(id);
  if (node?.kind === "type")
    return instancesOf(model, node.agent_type).map(({ instance }) => nodeId.instance(instance.instance_id));
  if (node?.kind === "instance")
    return (model.executionsByInstance.get(node.instance_id) ?? [])
      .slice(-SHOWN_EXECUTIONS)
      .reverse()
      .map(nodeId.execution);
  return [];
};

const parentOf = (model: Model, id: string): string | null => {
  const node = parseNode(id);
  if (node?.kind === "execution") {
    const instance = model.executions.get(node.execution_id)?.summary.instance_id;
    return instance === undefined || instance === null ? null : nodeId.instance(instance);
  }
  if (node?.kind !== "instance") return null;
  const record = model.instances.get(node.instance_id);
  const type = record === undefined ? undefined : typeOf(model, record);
  return type === undefined ? null : nodeId.type(type);
};

const itemOf = (model: Model, id: string, l10n: Localizer): Item | null => {
  const node = parseNode(id);
  if (node?.kind === "type") return typeItem(model, node.agent_type, l10n);
  if (node?.kind === "instance") {
    const record = model.instances.get(node.instance_id);
    return record === undefined ? null : instanceItem(model, record, l10n);
  }
  if (node?.kind !== "execution") return null;
  const execution = model.executions.get(node.execution_id);
  return execution === undefined ? null : executionItem(execution, l10n, "instance");
};

const countOf = (instances: number, l10n: Localizer): string => {
  if (instances === 0) return l10n.t("no instance");
  return instances === 1 ? l10n.t("1 instance") : l10n.t("{0} instances", instances);
};

const typeItem = (model: Model, type: string, l10n: Localizer): Item => {
  const instances = instancesOf(model, type);
  const working = instances.filter(({ instance }) => instance.state === "Working").length;
  const description = [countOf(instances.length, l10n), working > 0 ? l10n.t("{0} working", working) : ""]
    .filter((part) => part !== "")
    .join(", ");
  return {
    label: type,
    description,
    icon: working > 0 ? icons.working : { id: "person" },
    accessibleLabel: l10n.t("Agents of type {0}, {1}", type, description),
    flags: ["agent"],
    state: instances.length > 0 ? "expanded" : "leaf",
  };
};

const stateIcons: Record<InstanceState, Icon> = {
  Provisioning: icons.working,
  Starting: icons.working,
  Idle: icons.waiting,
  Working: icons.working,
  Paused: { id: "debug-pause" },
  Stopping: icons.cancelled,
  Terminated: icons.cancelled,
  Failed: icons.failed,
};

/** Its model: that of its last execution, which a run may have used instead of the agent's own. */
const modelOf = (model: Model, { instance }: InstanceRecord): string => {
  const last = model.executionsByInstance.get(instance.instance_id)?.at(-1);
  const asked = last === undefined ? undefined : model.executions.get(last)?.summary.model;
  const provider = model.agents.get(instance.agent_id)?.agent.provider;
  return asked ?? (provider === undefined ? "" : describeProvider(provider));
};

const instanceItem = (model: Model, record: InstanceRecord, l10n: Localizer): Item => {
  const { instance } = record;
  const agent = model.agents.get(instance.agent_id)?.agent;
  const { cpu_percent, memory_mb } = instance.resources;
  const parts = [
    instance.state,
    modelOf(model, record),
    l10n.t("{0} % CPU", Math.round(cpu_percent)),
    `${memory_mb} MB`,
    instance.health.is_healthy ? "" : l10n.t("unhealthy"),
  ].filter((part) => part !== "");
  const active = instance.state !== "Failed" && instance.state !== "Stopping";
  return {
    label: `${agent?.name ?? l10n.t("Instance")} ${instance.instance_id.slice(0, 8)}`,
    description: parts.join(" · "),
    icon: instance.health.is_healthy ? stateIcons[instance.state] : icons.warning,
    accessibleLabel: l10n.t("Instance of {0}, {1}", agent?.name ?? "", parts.join(", ")),
    flags: [
      ...(instance.state === "Idle" ? (["instance-idle"] as const) : []),
      ...(instance.state === "Paused" ? (["instance-paused"] as const) : []),
      ...(active ? (["instance-active"] as const) : []),
    ],
    state: (model.executionsByInstance.get(instance.instance_id) ?? []).length > 0 ? "collapsed" : "leaf",
  };
};

const tooltipOf = (model: Model, id: string, l10n: Localizer): string => {
  const node = parseNode(id);
  if (node?.kind === "execution") {
    const execution = model.executions.get(node.execution_id);
    return execution === undefined ? "" : executionTooltip(execution, l10n);
  }
  const record = node?.kind === "instance" ? model.instances.get(node.instance_id) : undefined;
  if (record === undefined) return "";
  const { metadata, resources, health, state } = record.instance;
  return [
    `**${state}** · ${metadata.runtime_type} ${plain(metadata.runtime_id)}`,
    l10n.t(
      "{0} tokens · {1} model calls · {2}",
      resources.tokens_used,
      resources.api_calls,
      formatCost(resources.cost_accrued),
    ),
    health.is_healthy
      ? l10n.t("Healthy")
      : `$(warning) ${l10n.t("Unhealthy")}: ${plain(health.error_message ?? "")}`,
  ].join("\n\n");
};
