import type { StoredReply, StoredToken } from "../../schemas/access.ts";
import type { Alert } from "../../schemas/alerts.ts";
import type { AgentConfig, AgentStatus, AgentType } from "../../schemas/agent.ts";
import type { ChangeSet } from "../../schemas/changes.ts";
import type { AgentExecution, ExecutionStatus } from "../../schemas/execution.ts";
import type { Dismissal, Finding, FindingStatus } from "../../schemas/findings.ts";
import type { AgentInstance, InstanceState, LifecycleEvent } from "../../schemas/instance.ts";
import type { DailyMetrics } from "../../schemas/metrics.ts";
import type { DailyUsage, RunStatus, Task, TeamRun } from "../../schemas/run.ts";
import type { AgentTeam } from "../../schemas/team.ts";
import type { Template } from "../../schemas/templates.ts";
import type { TranscriptEntry } from "../../schemas/transcript.ts";

/** The type of the records of each collection. */
export interface Records {
  agents: AgentConfig;
  instances: AgentInstance;
  executions: AgentExecution;
  teams: AgentTeam;
  lifecycle: LifecycleEvent;
  tasks: Task;
  runs: TeamRun;
  changeSets: ChangeSet;
  findings: Finding;
  dismissals: Dismissal;
  dailyUsage: DailyUsage;
  dailyMetrics: DailyMetrics;
  alerts: Alert;
  tokens: StoredToken;
  replies: StoredReply;
  templates: Template;
}
export type CollectionName = keyof Records;

type NoFilter = Readonly<Record<string, never>>;

/** The filters of each collection. Each filter has an index. */
export interface Filters {
  agents: { type?: AgentType | undefined; status?: AgentStatus | undefined };
  instances: {
    agent_id?: string | undefined;
    state?: InstanceState | undefined;
    active?: boolean | undefined;
  };
  executions: {
    task_id?: string | undefined;
    instance_id?: string | undefined;
    status?: ExecutionStatus | undefined;
  };
  teams: { name?: string | undefined };
  lifecycle: { instance_id?: string | undefined };
  tasks: NoFilter;
  runs: { status?: RunStatus | undefined; open?: boolean | undefined };
  changeSets: { task_id?: string | undefined };
  findings: { task_id?: string | undefined; path?: string | undefined; status?: FindingStatus | undefined };
  dismissals: NoFilter;
  dailyUsage: NoFilter;
  dailyMetrics: NoFilter;
  alerts: { open?: true | undefined };
  tokens: NoFilter;
  replies: NoFilter;
  templates: NoFilter;
}

/**
 * One page of records, the newest first (for lifecycle events, the oldest). The order is that in which the records
 * were first put, so it does not depend on a clock. `next_cursor` is null on the last page.
 */
export interface Page<Item> {
  items: Item[];
  next_cursor: string | null;
}
export interface PageRequest {
  limit: number;
  cursor: string | null;
}

/** The writes of one commit. Either all of them become durable or none. */
export interface Transaction {
  /**
   * Inserts or replaces a record and updates its secondary indexes. Its ID is the part of its key after the
   * collection: `agent_id`, … , `fingerprint`, `day`, `alert_id`, `template_id`; for lifecycle events
   * `<instance_id>/<timestamp>:<event_id>`.
   */
  put<Name extends CollectionName>(collection: Name, record: Records[Name]): void;
  /** Removes a record and its index entries. Does nothing if it does not exist. */
  remove(collection: CollectionName, id: string): void;
  /** The record, including the writes of this transaction. */
  get<Name extends CollectionName>(collection: Name, id: string): Records[Name] | null;
}

/** The transcripts, which are only appended to. Each execution has its own file. */
export interface Transcripts {
  /** Resolves when the entries are on disk. Entries of one execution keep their order. */
  append(executionId: string, entries: readonly TranscriptEntry[]): Promise<void>;
  /** All complete entries, starting at number `from` (0 is the first). An incomplete last line is left out. */
  read(executionId: string, from?: number): Promise<TranscriptEntry[]>;
}

/** File contents by SHA-256. Each content is stored once. */
export interface Objects {
  /** Stores bytes durably and returns their lower-case hex SHA-256. */
  put(bytes: Uint8Array): Promise<string>;
  /** Throws `not_found` if the object does not exist (any more). */
  get(sha256: string): Promise<Buffer>;
}

/**
 * The state of one workspace folder: documented keys in a lowdb JSON file and its journal.
 *
 * Records are plain data and must not be changed after `put` or `get`. Reads see a commit at once; the
 * promise of `commit` resolves when it is durable. A write error makes the store read-only: this commit and
 * all later ones reject with `state_read_only`.
 */
export interface Store {
  readonly tenantId: string;
  readonly folder: string;
  /** Why nothing can be written any more; null if writing is possible. */
  readonly readOnlyReason: string | null;
  readonly transcripts: Transcripts;
  readonly objects: Objects;

  get<Name extends CollectionName>(collection: Name, id: string): Records[Name] | null;
  page<Name extends CollectionName>(
    collection: Name,
    filter: Filters[Name],
    request: PageRequest,
  ): Page<Records[Name]>;
  /** All records that pass the filter, in the order of `page`. */
  all<Name extends CollectionName>(collection: Name, filter?: Filters[Name]): Records[Name][];

  /** Runs `write` at once and synchronously. Resolves when its writes are durable. */
  commit(write: (transaction: Transaction) => void): Promise<void>;

  /** Waits for open commits, folds the journal and releases the lock. */
  close(): Promise<void>;
}
