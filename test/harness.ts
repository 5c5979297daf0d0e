import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Method, MethodInput, MethodResult } from "../schemas/contract.ts";
import type { RuntimeEvent } from "../schemas/events.ts";
import { Settings, type SettingsInput } from "../schemas/settings.ts";
import { createRuntime, type Runtime } from "../server/runtime/runtime.ts";
import type { Caller } from "../server/handlers/handlers.ts";
import type { WorkerEntry } from "../server/platform/installation.ts";
import { builtWorker } from "./support/product.ts";

type EventOf<Type extends RuntimeEvent["type"]> = Extract<RuntimeEvent, { type: Type }>;

/** A whole runtime over a copy of a project: real store, real workers, whatever model is given. */
export interface TestRuntime {
  runtime: Runtime;
  /** Absolute path of the copy. */
  workspace: string;
  /** Everything that was told so far. */
  events: RuntimeEvent[];
  /** What the runtime logged as warning or error. */
  problems: string[];
  call<M extends Method>(method: M, params: MethodInput<M>): Promise<MethodResult<M>>;
  /** Starts a team and resolves with the end of its run. */
  run(team: string, request: Omit<MethodInput<"teams/execute">, "team_id">): Promise<EventOf<"run.finished">>;
  /** The first event of that type, past or to come, that passes. */
  event<Type extends RuntimeEvent["type"]>(
    type: Type,
    passes?: (event: EventOf<Type>) => boolean,
  ): Promise<EventOf<Type>>;
  /** Events of that type so far. */
  told<Type extends RuntimeEvent["type"]>(type: Type): EventOf<Type>[];
  close(): Promise<void>;
}

const caller: Caller = { role: "admin", surface: "cli" };

const isOf = <Type extends RuntimeEvent["type"]>(event: RuntimeEvent, type: Type): event is EventOf<Type> =>
  event.type === type;

export interface TestRuntimeOptions {
  /** Project that is copied; left out: an empty folder. */
  project?: string;
  /** Absolute path of a workspace that is there already and stays; used as it is. */
  workspace?: string;
  /** The gates that run the tests again and again are left out, unless these say otherwise. */
  settings?: SettingsInput;
  /** Left out: the worker of the sources. */
  worker?: WorkerEntry;
}

export const startRuntime = async (options: TestRuntimeOptions): Promise<TestRuntime> => {
  const workspace = options.workspace ?? (await mkdtemp(join(tmpdir(), "coditect-project-")));
  if (options.project !== undefined) await cp(options.project, workspace, { recursive: true });
  const events: RuntimeEvent[] = [];
  const problems: string[] = [];
  const runtime = await createRuntime({
    workspace,
    settings: Settings.parse({ durability: "os", ...options.settings }),
    credentials: { keys: () => Promise.resolve(["a-key-for-tests"]) },
    worker: options.worker ?? builtWorker(),
    log: (level, message, data) => {
      if (level === "warn" || level === "error") problems.push(`${message} ${JSON.stringify(data ?? {})}`);
    },
  });
  runtime.subscribe((event) => events.push(event));

  const event: TestRuntime["event"] = (type, passes = () => true) =>
    new Promise((resolve) => {
      const take = (candidate: RuntimeEvent): boolean => {
        if (!isOf(candidate, type) || !passes(candidate)) return false;
        resolve(candidate);
        return true;
      };
      if (events.some(take)) return;
      const stop = runtime.subscribe((candidate) => {
        if (take(candidate)) stop();
      });
    });
  const call: TestRuntime["call"] = (method, params) =>
    runtime.dispatch(method, params, caller, new AbortController().signal);

  return {
    runtime,
    workspace,
    events,
    problems,
    call,
    event,
    told: (type) => events.filter((candidate) => isOf(candidate, type)),
    run: async (team, request) => {
      const { task_id } = await call("teams/execute", { ...request, team_id: team });
      return event("run.finished", (candidate) => candidate.task_id === task_id);
    },
    close: async () => {
      await runtime.close();
      if (options.workspace === undefined) await rm(workspace, { recursive: true, force: true });
    },
  };
};
