import { randomUUID } from "node:crypto";
import type { AgentType } from "../../schemas/agent.ts";
import type { ChangedFile, ChangeSet } from "../../schemas/changes.ts";
import type { Finding } from "../../schemas/findings.ts";
import type { StageState, Task, TeamRun } from "../../schemas/run.ts";
import { RunOptions } from "../../schemas/run.ts";
import { newAgent } from "../../server/models/agent.ts";
import { newExecution, noUsage } from "../../server/models/execution.ts";
import { newInstance } from "../../server/models/instance.ts";

/** Valid records, for tests that only need some. */
export const TENANT = "00000000-0000-4000-8000-000000000001";
export const NOW = "2026-01-31T12:00:00.000Z";

export const anAgent = (agent_type: AgentType = "Coder", name = "Coder one") =>
  newAgent(
    {
      tenant_id: TENANT,
      name,
      agent_type,
      provider: { Ollama: { model: "m", endpoint: "http://127.0.0.1:1" } },
    },
    NOW,
  );

export const anInstance = (agent_id: string) =>
  newInstance({ tenant_id: TENANT, agent_id, runtime_type: "Local", agent_version: "1" }, NOW);

export const anExecution = (task_id: string) =>
  newExecution(
    {
      tenant_id: TENANT,
      task_id,
      input: {
        prompt: "do it",
        system_message: null,
        context: [],
        tools: [],
        parameters: {
          temperature: 0,
          max_tokens: 1,
          max_turns: 1,
          timeout_seconds: 1,
          write_access: "none",
          test_command: null,
        },
      },
      metadata: {
        agent_id: randomUUID(),
        agent_type: "Coder",
        agent_name: "Coder one",
        provider: "Ollama",
        model: "m",
        answered_by: [],
        team_id: null,
        stage: "code",
        round: 1,
        gates: [],
        change_set_id: null,
        context_left_out: [],
        rating: null,
      },
    },
    NOW,
  );

export const aTask = (): Task => ({
  task_id: randomUUID(),
  tenant_id: TENANT,
  workflow: "tdd",
  description: "",
  file: null,
  data: null,
  created_at: NOW,
});

export const aRun = (task_id: string, fields: Partial<TeamRun> = {}): TeamRun => ({
  task_id,
  tenant_id: TENANT,
  team_id: randomUUID(),
  status: "Running",
  members: [],
  workflow_stages: [],
  stages: [],
  options: RunOptions.parse({}),
  baseline: null,
  change_set_id: null,
  error: null,
  usage: noUsage(),
  forecast: null,
  parent: null,
  created_at: NOW,
  updated_at: NOW,
  completed_at: null,
  ...fields,
});

export const aFinding = (fields: Partial<Finding> = {}): Finding => ({
  finding_id: randomUUID(),
  tenant_id: TENANT,
  task_id: randomUUID(),
  execution_id: randomUUID(),
  path: "src/a.ts",
  start_line: 1,
  start_column: null,
  end_line: 1,
  end_column: null,
  severity: "High",
  category: "off-by-one",
  title: "Loop ends one early",
  explanation: "The last item is never seen.",
  fix: null,
  confidence: 0.9,
  fingerprint: "f".repeat(64),
  status: "Open",
  dismissed_reason: null,
  created_at: NOW,
  updated_at: NOW,
  ...fields,
});

export const aStage = (name: string): StageState => ({
  ...{ name, status: "Completed", round: 1, sent_back: 0, execution_ids: [], gates: [], approved: false },
  ...{ feedback: null, starts_with: null, change_set_id: null, started_at: null, completed_at: null },
});

export const aChangedFile = (path: string, fields: Partial<ChangedFile> = {}): ChangedFile => ({
  ...{ path, kind: "Modified", old_path: null, before: "b".repeat(64), after: "a".repeat(64) },
  ...{ executable: false, binary: false, lines_added: 1, lines_removed: 1, decision: "Pending" },
  ...fields,
});

export const aChangeSet = (
  task_id: string,
  execution_id: string | null,
  files: readonly ChangedFile[],
): ChangeSet => ({
  ...{ change_set_id: randomUUID(), tenant_id: TENANT, task_id, execution_id, files: [...files] },
  ...{ status: "Pending", discard_reason: null, created_at: NOW, updated_at: NOW },
});
