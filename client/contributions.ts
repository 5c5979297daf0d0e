import { standardEndpoints } from "../schemas/providers.ts";

/**
 * Every command, setting, context key and view of the extension, typed. A test holds it equal to
 * package.json, so that a name written wrong is a compile error and not a command that does nothing.
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
  "coditect.fixFinding",
  "coditect.explainFinding",
  "coditect.setKey",
  "coditect.rotateKey",
  "coditect.removeKey",
  "coditect.chooseModel",
  "coditect.newAgent",
  "coditect.newTeam",
  "coditect.openStateFolder",
  "coditect.showLog",
  "coditect.restartRuntime",
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
] as const;

/** Commands that only code lenses and code actions name; they stand in no menu. */
export const linkedCommandIds = [
  "coditect.runTddOnSymbol",
  "coditect.fixTest",
  "coditect.rejectLesson",
  "coditect.showRun",
] as const;

export type CommandId = (typeof commandIds)[number] | (typeof linkedCommandIds)[number];

/** Setting → its default. The values a user can give are checked by package.json's schema. */
export const settingDefaults = {
  "model.provider": "agent" as ProviderChoice,
  "model.name": "",
  "model.maxTokens": 8192,
  "model.ollamaEndpoint": standardEndpoints.Ollama,
  "model.endpoints": {} as Partial<Record<"Claude" | "Gemini" | "HuggingFace", string>>,
  "model.embeddings": true,
  "run.runtime": "agent" as "agent" | "Local" | "Docker",
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
  "codeLens.enabled": true,
  "feedback.lessons": true,
  "progress.location": "statusBar" as "statusBar" | "notification",
  "state.location": "workspace" as "workspace" | "editor",
  "trace.server": "off" as "off" | "messages" | "verbose",
};
export type ProviderChoice = "agent" | "Claude" | "Gemini" | "Ollama" | "HuggingFace" | "Rehearsal";
export type SettingName = keyof typeof settingDefaults;

/** Context keys used in package.json's `when` clauses, with the type of their value. */
export interface ContextKeys {
  "coditect.runtime": "stopped" | "starting" | "ready" | "unusable";
  "coditect.running": boolean;
  "coditect.hasRuns": boolean;
  "coditect.filtered": boolean;
  "coditect.reviewing": boolean;
  "coditect.modelChosen": boolean;
  "coditect.sample": boolean;
}
export const contextKeys = [
  "coditect.runtime",
  "coditect.running",
  "coditect.hasRuns",
  "coditect.filtered",
  "coditect.reviewing",
  "coditect.modelChosen",
  "coditect.sample",
] as const satisfies (keyof ContextKeys)[];

export const viewIds = { runs: "coditect.runs", agents: "coditect.agents" } as const;
export const walkthroughId = "coditect.coditect-agents#start";
export const participantId = "coditect.team";
export const toolNames = {
  tdd: "coditect_run_tdd",
  fix: "coditect_fix_bug",
  review: "coditect_review_file",
  adr: "coditect_write_adr",
} as const;

/** Schemes of the read-only documents the extension shows. */
export const schemes = {
  before: "coditect-before",
  after: "coditect-after",
  transcript: "coditect-transcript",
  prompt: "coditect-prompt",
} as const;

/** Words of `viewItem` that package.json's menus look for, joined with spaces in `contextValue`. */
export const itemFlags = [
  "approval",
  "changes",
  "resumable",
  "run-running",
  "execution",
  "execution-running",
  "retryable",
  "changeset",
  "file-pending",
  "finding",
  "finding-open",
  "agent",
  "instance-idle",
  "instance-paused",
  "instance-active",
] as const;
export type ItemFlag = (typeof itemFlags)[number];
