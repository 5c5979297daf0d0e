import { inspect } from "node:util";
import type { MethodResult } from "../../../../schemas/contract.ts";
import { connect } from "../session/connect.ts";
import type { Connection } from "../../../hosting/connection.ts";
import { executionText } from "../display/execution.ts";
import { formatCost, formatCount } from "../display/format.ts";
import { tableText } from "../display/summary.ts";
import { findWorkspace } from "../session/target.ts";
import type { CommandContext } from "../display/terminal.ts";

/** The flags of every command for stored records. */
export interface RecordFlags {
  workspace?: string;
  json?: boolean;
}

/** Runs a command with the runtime of a workspace, and closes everything that it opened. */
export const withConnection = async (
  flags: RecordFlags,
  { environment, currentFolder }: CommandContext,
  use: (connection: Connection) => Promise<number>,
): Promise<number> => {
  const workspace = await findWorkspace(flags, currentFolder);
  const connection = await connect(workspace, {}, environment);
  try {
    return await use(connection);
  } finally {
    await connection.close();
  }
};

type Item<M extends "agents/list" | "instances/list" | "executions/list" | "teams/list" | "runs/list"> =
  MethodResult<M>["items"][number];

interface Page<Record> {
  items: Record[];
  next_cursor: string | null;
}

/** The records of all pages, in order. */
export const allPages = async <Record>(
  page: (cursor: string | null) => Promise<Page<Record>>,
): Promise<Record[]> => {
  const records: Record[] = [];
  let cursor: string | null = null;
  do {
    const next: Page<Record> = await page(cursor);
    records.push(...next.items);
    cursor = next.next_cursor;
  } while (cursor !== null);
  return records;
};

interface Group<Record> {
  columns: readonly string[];
  row: (record: Record) => string[];
  page: (connection: Connection, cursor: string | null) => Promise<Page<Record>>;
  get: (connection: Connection, id: string) => Promise<object>;
}

const listGroup = async <Record>(
  { columns, row, page }: Group<Record>,
  connection: Connection,
  json: boolean,
  { terminal }: CommandContext,
): Promise<void> => {
  const items = await allPages((cursor) => page(connection, cursor));
  if (json) {
    for (const item of items) terminal.out(`${JSON.stringify(item)}\n`);
    return;
  }
  terminal.out(tableText(columns, items.map(row), terminal));
};

const group = <Record>(definition: Group<Record>) => ({
  list: (connection: Connection, json: boolean, context: CommandContext) =>
    listGroup(definition, connection, json, context),
  get: definition.get,
});

/** `coditect GROUP list` and `show`: their calls, and the fields that people see. */
const groups = {
  agents: group<Item<"agents/list">>({
    columns: ["AGENT", "NAME", "TYPE", "PROVIDER", "STATUS"],
    row: (agent) => [
      agent.agent_id,
      agent.name,
      agent.custom_type === undefined ? agent.agent_type : `${agent.custom_type} (${agent.agent_type})`,
      Object.entries(agent.provider)
        .map(([name, { model }]) => `${name}/${model}`)
        .join(),
      agent.status,
    ],
    page: (connection, cursor) => connection.call("agents/list", { cursor }),
    get: (connection, agent_id) => connection.call("agents/get", { agent_id }),
  }),
  instances: group<Item<"instances/list">>({
    columns: ["INSTANCE", "STATE", "RUNTIME", "MEMORY", "TOKENS", "COST", "CREATED"],
    row: ({ instance_id, state, metadata, resources, created_at }) => [
      instance_id,
      state,
      `${metadata.runtime_type} ${metadata.runtime_id.slice(0, 12)}`.trimEnd(),
      `${resources.memory_mb} MB`,
      formatCount(resources.tokens_used),
      formatCost(resources.cost_accrued),
      created_at,
    ],
    page: (connection, cursor) => connection.call("instances/list", { cursor }),
    get: (connection, instance_id) => connection.call("instances/get", { instance_id }),
  }),
  executions: group<Item<"executions/list">>({
    columns: ["EXECUTION", "STATUS", "STAGE", "AGENT", "MODEL", "TASK", "CREATED"],
    row: ({ execution_id, status, metadata, task_id, created_at }) => [
      execution_id,
      status,
      `${metadata.stage} ${metadata.round}`,
      metadata.agent_type,
      metadata.model,
      task_id,
      created_at,
    ],
    page: (connection, cursor) => connection.call("executions/list", { cursor }),
    get: (connection, execution_id) => connection.call("executions/get", { execution_id }),
  }),
  teams: group<Item<"teams/list">>({
    columns: ["TEAM", "NAME", "STAGES", "DESCRIPTION"],
    row: ({ team_id, name, workflow_stages, description }) => [
      team_id,
      name,
      workflow_stages.map((stage) => stage.name).join(" "),
      description,
    ],
    page: (connection, cursor) => connection.call("teams/list", { cursor }),
    get: (connection, team_id) => connection.call("teams/get", { team_id }),
  }),
  runs: group<Item<"runs/list">>({
    columns: ["TASK", "STATUS", "WORKFLOW", "FILE", "COST", "CREATED"],
    row: ({ task, run }) => [
      task.task_id,
      run.status,
      task.workflow,
      task.file ?? "",
      formatCost(run.usage.cost),
      run.created_at,
    ],
    page: (connection, cursor) => connection.call("runs/list", { cursor }),
    get: (connection, task_id) => connection.call("runs/get", { task_id }),
  }),
};
export type RecordGroup = keyof typeof groups;
export const recordGroups = Object.keys(groups) as RecordGroup[];

/** `coditect GROUP list`: a table. With `--json`, one record per line. */
export const listRecords = (
  name: RecordGroup,
  flags: RecordFlags,
  context: CommandContext,
): Promise<number> =>
  withConnection(flags, context, async (connection) => {
    await groups[name].list(connection, flags.json ?? false, context);
    if (name === "teams")
      for (const { message } of (await connection.call("teams/list", { limit: 1 })).problems)
        context.terminal.err(`${message}\n`);
    return 0;
  });

/** A record for a program or for people. */
const show = (record: object, flags: RecordFlags, { terminal }: CommandContext): void => {
  const colors = terminal.style("red", "x") !== "x";
  terminal.out(
    `${flags.json === true ? JSON.stringify(record) : inspect(record, { colors, depth: null, breakLength: 100 })}\n`,
  );
};

/** `coditect executions show ID --prompt`: the exact request of its last turn. */
export const showPrompt = (id: string, flags: RecordFlags, context: CommandContext): Promise<number> =>
  withConnection(flags, context, async (connection) => {
    show(await connection.call("executions/request", { execution_id: id }), flags, context);
    return 0;
  });

/** `coditect GROUP show ID`. */
export const showRecord = (
  name: RecordGroup,
  id: string,
  flags: RecordFlags,
  context: CommandContext,
): Promise<number> =>
  withConnection(flags, context, async (connection) => {
    if (name === "executions" && flags.json !== true)
      context.terminal.out(
        executionText(await connection.call("executions/get", { execution_id: id }), context.terminal),
      );
    else show(await groups[name].get(connection, id), flags, context);
    return 0;
  });
