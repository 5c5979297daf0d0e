import type { HandlerContext, HandlersOf } from "./context.ts";

/** Models and their keys, usage, and the state of the runtime itself. */
export const runtimeHandlers = ({
  store,
  pool,
  gateway,
  setKeys,
  startRehearsal,
  now,
  version,
}: HandlerContext): HandlersOf<"models" | "credentials" | "usage" | "runtime"> => ({
  "models/list": async ({ reachable }, _caller, signal) => ({
    items: await gateway.models(reachable, signal),
  }),

  "models/rehearsal": async () => ({ provider: await startRehearsal() }),

  "credentials/set": ({ provider, keys }) => {
    setKeys(provider, keys);
    return {};
  },

  "usage/today": () => {
    const day = now().slice(0, 10);
    return (
      store.get("dailyUsage", day) ?? {
        tenant_id: store.tenantId,
        day,
        tokens: 0,
        cost_microcents: 0,
        api_calls: 0,
      }
    );
  },

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
