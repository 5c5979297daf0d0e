import type { TenantRuntime } from "./tenant.ts";

const isAtWork = ({ store }: TenantRuntime): boolean =>
  (["Queued", "Running"] as const).some((status) => store.all("runs", { status }).length > 0);

/** Resolves when no tenant has a queued or running run, or the deadline aborts. */
export const workOf = (tenants: readonly TenantRuntime[], deadline: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const look = (): void => {
      if (!deadline.aborted && tenants.some(isAtWork)) return;
      deadline.removeEventListener("abort", look);
      for (const stop of stops) stop();
      resolve();
    };
    const stops = tenants.map(({ subscribe }) =>
      subscribe((event) => {
        if (event.type === "run.finished" || event.type === "run.changed") look();
      }),
    );
    deadline.addEventListener("abort", look);
    look();
  });
