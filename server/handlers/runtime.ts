import { toWireError } from "../../schemas/errors.ts";
import type { HandlerContext, HandlersOf } from "./context.ts";

/** Models and their keys, usage, and the state of the runtime itself. */
export const runtimeHandlers = ({
  store,
  pool,
  gateway,
  runs,
  usageOn,
  setKeys,
  startRehearsal,
  emit,
  now,
  version,
}: HandlerContext): HandlersOf<"models" | "credentials" | "usage" | "runtime"> => ({
  "models/list": async ({ reachable }, _caller, signal) => ({
    items: await gateway.models(reachable, signal),
  }),

  "models/check": async ({ team_id, provider, reachable }, _caller, signal) => {
    const { problem, asked } = await runs.checkModels(team_id, { provider, reachable }, signal);
    return { problem: problem === null ? null : toWireError(problem), asked };
  },

  "models/pull": async ({ model }, _caller, signal) => {
    await gateway.pull(model, signal, (progress) => {
      emit({ type: "model.pulling", at: now(), model, ...progress });
    });
    return {};
  },

  "models/rehearsal": async () => ({ provider: await startRehearsal() }),

  "credentials/set": ({ provider, keys }) => {
    setKeys(provider, keys);
    return {};
  },

  "usage/today": () => usageOn(now().slice(0, 10)),

  "runtime/status": () => ({
    version,
    pid: process.pid,
    state_folder: store.folder,
    read_only: store.readOnlyReason !== null,
    running_runs: store.all("runs", { status: "Running" }).length,
    active_instances: store.all("instances", { active: true }).length,
    queued_executions: pool.queued(),
  }),
});
