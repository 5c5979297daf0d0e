import type { HandlerContext, HandlersOf } from "./context.ts";

/** Models, usage, and the state of the runtime itself. */
export const runtimeHandlers = ({
  store,
  pool,
  gateway,
  now,
  version,
}: HandlerContext): HandlersOf<"models" | "usage" | "runtime"> => ({
  "models/list": async ({ reachable }, _caller, signal) => ({
    items: await gateway.models(reachable, signal),
  }),

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
