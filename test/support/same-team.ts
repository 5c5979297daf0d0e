import assert from "node:assert/strict";
import { chmod } from "node:fs/promises";
import type { RuntimeType } from "../../schemas/agent.ts";
import type { AgentInstance } from "../../schemas/instance.ts";
import type { SettingsInput } from "../../schemas/settings.ts";
import { shippedPath, type WorkerEntry } from "../../server/platform/installation.ts";
import { builtInScript, rehearsalProvider } from "../../server/rehearsal/built-in.ts";
import { startRehearsal } from "../../server/rehearsal/server.ts";
import { startRuntime } from "../harness.ts";

export interface TeamOutcome {
  /** The change set, as a unified diff. */
  diff: string;
  /** Where its instances ran. */
  ran: Set<string>;
  /** Why instances ended, where that was an error. */
  errors: string[];
  /** How often the model was asked. */
  requests: number;
}

export interface TeamRequest {
  runtime: RuntimeType;
  /** One file if it is sent to another machine. */
  worker: WorkerEntry;
  /** Besides those that every such run has. */
  settings?: SettingsInput;
  /** Called with the first instance that works; what it does is not waited for. */
  disturb?: (instance: AgentInstance) => void;
}

/** Runs the TDD team on the sample project in a runtime of this process, to its end. */
export const runTeam = async ({ runtime, worker, settings, disturb }: TeamRequest): Promise<TeamOutcome> => {
  const script = await builtInScript("tdd");
  const model = await startRehearsal([script]);
  const project = await startRuntime({
    project: shippedPath("media", "sample"),
    settings: { provider: rehearsalProvider(model), runtime, unconfined: "allow", ...settings },
    worker,
  });
  // A temporary folder is closed to others; as root, containers run as somebody else.
  await chmod(project.workspace, 0o755);
  try {
    if (disturb !== undefined) {
      const isWorking = ({ instance }: { instance: AgentInstance }): boolean => instance.state === "Working";
      void project.event("instance.changed", isWorking).then(({ instance }) => {
        disturb(instance);
      });
    }
    const finished = await project.run("tdd", { task: script.task, file: script.file });
    assert.equal(finished.status, "Succeeded", finished.error?.message);
    const { diff } = await project.call("changes/get", { task_id: finished.task_id });
    const instances = project.runtime.store.all("instances");
    return {
      diff,
      ran: new Set(instances.map(({ metadata }) => metadata.runtime_type)),
      errors: instances.map(({ health }) => health.error_message ?? ""),
      requests: model.requests.length,
    };
  } finally {
    await project.close();
    await model.close();
  }
};

let local: Promise<TeamOutcome> | null = null;

/** The same in local processes. It is run once for all tests of this process, whose workers do the same. */
export const localTeam = (worker: WorkerEntry): Promise<TeamOutcome> =>
  (local ??= runTeam({ runtime: "Local", worker }));
