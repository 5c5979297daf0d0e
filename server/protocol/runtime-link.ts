import type { z } from "zod";
import type { RuntimeParams, RuntimeResult, runtimeNotifications } from "../../schemas/worker.ts";

type Told<Name extends keyof typeof runtimeNotifications> = z.infer<(typeof runtimeNotifications)[Name]>;

/** The runtime as a worker sees it: its only way out. */
export interface RuntimeLink {
  generate(
    params: RuntimeParams<"model/generate">,
    signal: AbortSignal,
  ): Promise<RuntimeResult<"model/generate">>;
  toolFinished(params: RuntimeParams<"tool/finished">, signal: AbortSignal): Promise<void>;
  beforeTool(
    params: RuntimeParams<"tool/before">,
    signal: AbortSignal,
  ): Promise<RuntimeResult<"tool/before">>;
  permitCommand(
    params: RuntimeParams<"command/permit">,
    signal: AbortSignal,
  ): Promise<RuntimeResult<"command/permit">>;
  callTool(params: RuntimeParams<"tool/call">, signal: AbortSignal): Promise<RuntimeResult<"tool/call">>;
  reportFindings(
    params: RuntimeParams<"findings/report">,
    signal: AbortSignal,
  ): Promise<RuntimeResult<"findings/report">>;
  toolStarted(params: Told<"tool/started">): void;
  log(entry: Told<"worker/log">): void;
}
