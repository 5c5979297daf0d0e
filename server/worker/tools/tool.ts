import type { FileChange } from "../../../schemas/changes.ts";
import type { TestLayout } from "../../../schemas/test-layout.ts";
import type { TestReport } from "../../../schemas/tests.ts";
import type { ToolArguments, ToolName } from "../../../schemas/tools.ts";
import type { WorkerParams } from "../../../schemas/worker.ts";
import type { PrivateCopy } from "../copy/copy.ts";
import type { StalePackages } from "../copy/stale.ts";
import type { RuntimeLink } from "../../protocol/runtime-link.ts";
import type { FileViews } from "./file-views.ts";

/** The result of a tool; an error's `content` tells the model what to do instead. */
export interface ToolResult {
  content: string;
  is_error: boolean;
  changes: FileChange[];
}

/** Builds what is stale and runs the tests of the project in `root`; see `server/worker/runners/`. */
export type RunTests = (
  root: string,
  request: WorkerParams<"tests/run">,
  signal: AbortSignal,
  stale?: StalePackages,
  layout?: TestLayout,
) => Promise<TestReport>;

/** The state of a worker after it is initialized. */
export interface Workplace {
  copy: PrivateCopy;
  settings: WorkerParams<"worker/initialize">;
  runtime: RuntimeLink;
  runTests: RunTests;
}

/** What every tool of one execution works with. */
export interface ToolContext extends Workplace {
  execution: WorkerParams<"execution/run">;
  signal: AbortSignal;
  /** The parts of files that the agent has seen. */
  views: FileViews;
  /** Names the call across restarts, so that the runtime does its effect once. */
  operation_id: string;
}

export type Tool<Name extends ToolName> = (
  args: ToolArguments<Name>,
  context: ToolContext,
) => Promise<ToolResult> | ToolResult;

export const done = (content: string, changes: FileChange[] = []): ToolResult => ({
  content,
  is_error: false,
  changes,
});

export const refused = (content: string): ToolResult => ({ content, is_error: true, changes: [] });
