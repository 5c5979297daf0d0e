import type { ServedWorkspace } from "./served.ts";

export const isAtWork = ({ store }: Pick<ServedWorkspace, "store">): boolean =>
  (["Queued", "Running"] as const).some((status) => store.all("runs", { status }).length > 0);

/** Resolves when no runtime has a queued or active run, or the deadline aborts. */
export const workOf = (
  runtimes: readonly Pick<ServedWorkspace, "store" | "subscribe">[],
  deadline: AbortSignal,
): Promise<void> =>
  new Promise((resolve) => {
    const look = (): void => {
      if (!deadline.aborted && runtimes.some(isAtWork)) return;
      deadline.removeEventListener("abort", look);
      for (const stop of stops) stop();
      resolve();
    };
    const stops = runtimes.map(({ subscribe }) =>
      subscribe((event) => {
        if (event.type === "run.finished" || event.type === "run.changed") look();
      }),
    );
    deadline.addEventListener("abort", look);
    look();
  });
