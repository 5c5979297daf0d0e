import type { ProviderName } from "../schemas/agent.ts";
import { ANSWER_CEILING } from "../schemas/default-models.ts";
import type { SettingKey } from "../schemas/setting-table.ts";
import { standardEndpoints } from "../schemas/providers.ts";
import type { WorkspaceRule } from "../schemas/tighten.ts";

/**
 * Every command, setting, context key and view of the extension, typed. A test compares it with package.json,
 * so that a misspelled name is a compile error and not a command that does nothing.
 */

/** Commands contributed in package.json. */
export const commandIds = [
  "coditect.runTdd",
  "coditect.runBugFix",
  "coditect.fixDiagnostic",
  "coditect.fixFailedTest",
  "coditect.runArchitecture",
  "coditect.reviewFile",
  "coditect.runTeam",
  "coditect.runRehearsal",
  "coditect.openSample",
  "coditect.cancelRun",
  "coditect.cancelExecution",
  "coditect.resumeRun",
  "coditect.retryStage",
  "coditect.rateRun",
  "coditect.approveStage",
  "coditect.rejectStage",
  "coditect.showTranscript",
  "coditect.showPrompt",
  "coditect.reviewChanges",
  "coditect.compareAttempts",
  "coditect.openChange",
  "coditect.acceptAll",
  "coditect.acceptFile",
  "coditect.acceptHunk",
  "coditect.chooseHunks",
  "coditect.discardAll",
  "coditect.discardFile",
  "coditect.discardHunk",
  "coditect.openFinding",
  "coditect.dismissFinding",
  "coditect.confirmFinding",
  "coditect.fixFinding",
  "coditect.explainFinding",
  "coditect.setKey",
  "coditect.rotateKey",
  "coditect.logInToMcpServer",
  "coditect.logOutOfMcpServer",
  "coditect.removeKey",
  "coditect.chooseModel",
  "coditect.newAgent",
  "coditect.newTeam",
  "coditect.importShared",
  "coditect.exportShared",
  "coditect.restoreDefault",
  "coditect.revokeConsent",
  "coditect.openStateFolder",
  "coditect.showLog",
  "coditect.restartRuntime",
  "coditect.signIn",
  "coditect.signOut",
  "coditect.showMenu",
  "coditect.filterRuns",
  "coditect.clearFilter",
  "coditect.loadMoreRuns",
  "coditect.startInstance",
  "coditect.pauseInstance",
  "coditect.resumeInstance",
  "coditect.terminateInstance",
  "coditect.openSettings",
  "coditect.openWalkthrough",
  "coditect.showDashboard",
  "coditect.showAlerts",
  "coditect.acknowledgeAlert",
] as const;

/** Commands that only code lenses and code actions use. They are in no menu. */
export const linkedCommandIds = [
  "coditect.runTddOnSymbol",
  "coditect.fixTest",
  "coditect.rejectLesson",
  "coditect.showRun",
  "coditect.fixProblem",
  "coditect.runTddOnTodo",
] as const;

export type LinkedCommandId = (typeof linkedCommandIds)[number];
export type CommandId = (typeof commandIds)[number] | (typeof linkedCommandIds)[number];

/** Settings with their defaults. package.json's schema checks the user's values. */
export const settingDefaults = {
  "model.provider": "agent" as ProviderChoice,
  "model.name": "",
  "model.maxTokens": ANSWER_CEILING,
  "model.ollamaEndpoint": standardEndpoints.Ollama,
  "model.endpoints": {} as Partial<Record<"Claude" | "Gemini" | "HuggingFace", string>>,
  "model.embeddings": true,
  "run.runtime": "agent" as "agent" | "Local" | "Docker" | "Kubernetes" | "CloudRun",
  "run.image": "",
  "run.testCommand": "",
  "run.allowTestChanges": false,
  "run.timeoutMinutes": 60,
  "run.unconfined": "ask" as "ask" | "allow" | "refuse",
  "limits.costPerRun": 5 as number | null,
  "limits.costPerDay": 25 as number | null,
  "limits.tokensPerRun": null as number | null,
  "changes.autoApply": false,
  "findings.minimumConfidence": 0.5,
  "findings.hideUnproven": false,
  "codeLens.enabled": true,
  "feedback.lessons": true,
  "progress.location": "statusBar" as "statusBar" | "notification",
  "state.location": "workspace" as "workspace" | "editor",
  "run.fallBackToLocal": false,
  "run.allowedHosts": [] as string[],
  "run.allowedCommands": [] as string[],
  "run.permissions": "ask" as "ask" | "refuse",
  "run.mcpFiles": [] as string[],
  "model.instructionFiles": ["AGENTS.md"],
  "limits.tokensPerExecution": null as number | null,
  "limits.tokensPerDay": null as number | null,
  "limits.costPerExecution": null as number | null,
  "limits.requestsPerMinute": null as number | null,
  "limits.tokensPerMinute": null as number | null,
  "model.byRole": {} as Record<string, Record<string, string>>,
  "model.contextTokens": 12000,
  "run.testReport": null as string | null,
  "run.testTimeoutSeconds": 300,
  "run.gateBudgetSeconds": 45,
  "run.strict": false,
  "run.mutantsThreshold": 0.8,
  "model.responseCache": true,
  "model.effort": null as string | null,
  "state.durability": "fsync" as "fsync" | "os",
  "pool.maxInstances": 8,
  "pool.minIdle": 0,
  "pool.idleMinutes": 10,
  "pool.recycleAfter": 50,
  "pool.maxQueued": 200,
  "pool.healthIntervalSeconds": 10,
  "pool.healthDeadlineSeconds": 5,
  "pool.memoryMb": 2048,
  "pool.cpus": 2,
  "pool.pids": 256,
  "pool.diskMb": 4096,
  "state.keepDays": 90 as number | null,
  "state.keepRuns": 1000 as number | null,
  "state.keepMegabytes": 2048 as number | null,
  "telemetry.openTelemetry": false,
  "telemetry.openTelemetryContent": false,
  "alerts.failureRate": 0.3 as number | null,
  "alerts.failureExecutions": 5,
  "alerts.limitShare": 0.8 as number | null,
  "alerts.providerErrors": 5 as number | null,
  "alerts.instanceFailures": 3 as number | null,
  "alerts.costPerDay": null as number | null,
  "alerts.webhook": null as string | null,
  "server.url": "",
  "trace.server": "off" as "off" | "messages" | "verbose",
};
/** Settings that the editor only passes to the runtime, with their keys there. */
export const runtimeSettings = {
  "run.fallBackToLocal": "fall_back_to_local",
  "run.allowedHosts": "allowed_hosts",
  "run.allowedCommands": "allowed_commands",
  "run.permissions": "permissions",
  "run.mcpFiles": "mcp_files",
  "model.instructionFiles": "instruction_files",
  "limits.tokensPerExecution": "limits.tokens_per_execution",
  "limits.tokensPerDay": "limits.tokens_per_day",
  "limits.costPerExecution": "limits.cost_per_execution",
  "limits.requestsPerMinute": "requests_per_minute",
  "limits.tokensPerMinute": "tokens_per_minute",
  "model.byRole": "role_models",
  "model.contextTokens": "context_tokens",
  "run.testTimeoutSeconds": "test_timeout_seconds",
  "run.testReport": "test_report",
  "run.mutantsThreshold": "mutants_threshold",
  "findings.hideUnproven": "hide_unproven",
  "findings.minimumConfidence": "min_confidence",
  "feedback.lessons": "lessons",
  "model.embeddings": "context_embeddings",
  "run.unconfined": "unconfined",
  "limits.costPerRun": "limits.cost_per_run",
  "limits.costPerDay": "limits.cost_per_day",
  "limits.tokensPerRun": "limits.tokens_per_run",
  "run.gateBudgetSeconds": "gate_budget_seconds",
  "run.strict": "strict",
  "model.responseCache": "response_cache",
  "model.effort": "effort",
  "state.durability": "durability",
  "pool.maxInstances": "pool.max_instances",
  "pool.minIdle": "pool.min_idle",
  "pool.idleMinutes": "pool.idle_minutes",
  "pool.recycleAfter": "pool.recycle_after",
  "pool.maxQueued": "pool.max_queued",
  "pool.healthIntervalSeconds": "pool.health_interval_seconds",
  "pool.healthDeadlineSeconds": "pool.health_deadline_seconds",
  "pool.memoryMb": "pool.memory_mb",
  "pool.cpus": "pool.cpus",
  "pool.pids": "pool.pids",
  "pool.diskMb": "pool.disk_mb",
  "state.keepDays": "retention.days",
  "state.keepRuns": "retention.runs",
  "state.keepMegabytes": "retention.megabytes",
  "telemetry.openTelemetry": "open_telemetry",
  "telemetry.openTelemetryContent": "open_telemetry_content",
  "alerts.failureRate": "alerts.failure_rate",
  "alerts.failureExecutions": "alerts.failure_executions",
  "alerts.limitShare": "alerts.limit_share",
  "alerts.providerErrors": "alerts.provider_errors",
  "alerts.instanceFailures": "alerts.instance_failures",
  "alerts.costPerDay": "alerts.cost_per_day",
  "alerts.webhook": "alerts.webhook",
} as const satisfies Record<string, SettingKey>;

export type ProviderChoice = "agent" | ProviderName | "Rehearsal";
export type SettingName = keyof typeof settingDefaults;

/**
 * What a workspace or folder can do with each setting that VS Code allows it to set. VS Code does not allow
 * it to set settings with the scope `machine`.
 */
export const workspaceRules = {
  "model.provider": "any",
  "model.name": "any",
  "model.maxTokens": "lower",
  "model.embeddings": "off",
  "model.instructionFiles": "subset",
  "run.runtime": ["Local", "Docker"],
  "run.testCommand": "any",
  "run.testReport": "any",
  "run.timeoutMinutes": "lower",
  "limits.costPerRun": "lower",
  "limits.costPerDay": "lower",
  "limits.tokensPerRun": "lower",
  "findings.minimumConfidence": "any",
  "findings.hideUnproven": "any",
  "codeLens.enabled": "any",
  "feedback.lessons": "off",
  "progress.location": "any",
  "state.location": "any",
  "trace.server": "any",
} as const satisfies Partial<Record<SettingName, WorkspaceRule>>;

/** The ID of the provider that offers the runtime to the editor as an MCP server. */
export const mcpProvider = "coditect";

/** Context keys used in package.json's `when` clauses, with the type of their value. */
export interface ContextKeys {
  "coditect.runtime": "stopped" | "starting" | "ready" | "unusable";
  "coditect.running": boolean;
  "coditect.filtered": boolean;
  "coditect.reviewing": boolean;
  "coditect.modelChosen": boolean;
  "coditect.sample": boolean;
  "coditect.hasAlerts": boolean;
  "coditect.rehearsed": boolean;
  "coditect.ranOwn": boolean;
  "coditect.applied": boolean;
}
export const contextKeys = [
  "coditect.runtime",
  "coditect.running",
  "coditect.filtered",
  "coditect.reviewing",
  "coditect.modelChosen",
  "coditect.sample",
  "coditect.hasAlerts",
  "coditect.rehearsed",
  "coditect.ranOwn",
  "coditect.applied",
] as const satisfies (keyof ContextKeys)[];

export const viewIds = {
  runs: "coditect.runs",
  agents: "coditect.agents",
  alerts: "coditect.alerts",
} as const;
export const walkthroughId = "coditect.coditect-agents#start";
export const participantId = "coditect.team";
export const toolNames = {
  tdd: "coditect_run_tdd",
  fix: "coditect_fix_bug",
  review: "coditect_review_file",
  adr: "coditect_write_adr",
} as const;

/** Schemes of the read-only documents of the extension. */
export const schemes = {
  before: "coditect-before",
  after: "coditect-after",
  attempt: "coditect-attempt",
  prompt: "coditect-prompt",
  package: "coditect-package",
} as const;

/** Words of `viewItem` in package.json's menus, joined with spaces in `contextValue`. */
export const itemFlags = [
  "approval",
  "changes",
  "resumable",
  "run-running",
  "execution",
  "execution-running",
  "attempted",
  "retryable",
  "changeset",
  "file-pending",
  "finding",
  "finding-open",
  "finding-argued",
  "agent",
  "instance-idle",
  "instance-paused",
  "instance-active",
  "alert-raised",
] as const;
export type ItemFlag = (typeof itemFlags)[number];
