import type { Instance } from "./instance.ts";
import type { PoolSettings } from "../settings.ts";
import { createDiskWatch, createRemoteDiskWatch, every, exceededLimit } from "./watch.ts";

/** Checks whether the worker answers a ping before the deadline, and measures what it uses. */
const check = async (instance: Instance, deadlineMs: number): Promise<void> => {
  if (!instance.isResponsive()) return;
  const deadline = AbortSignal.timeout(deadlineMs);
  const problem = await instance.call("worker/ping", {}, deadline).then(
    () => null,
    (error: unknown) => {
      if (deadline.aborted) return `no answer to a health check within ${deadlineMs} ms`;
      return error instanceof Error ? error.message : "the health check failed";
    },
  );
  // It may have been paused or stopped, or may have died, in the meantime.
  if (!instance.isResponsive()) return;
  await instance.measure();
  await instance.checked(problem);
};

/** Watches an instance until it ends. Checks its health all the time, and its caps while it works. */
export const watchInstance = (
  instance: Instance,
  settings: PoolSettings,
  onTrouble: (error: unknown) => void,
): void => {
  const { health } = settings;
  const { disk_mb } = settings.limits;
  const remote = instance.worker?.remote ?? null;
  const disk =
    remote === null ? createDiskWatch(instance.slot.copy, disk_mb) : createRemoteDiskWatch(remote, disk_mb);
  const stopChecks = every(health.interval_ms, () => check(instance, health.deadline_ms).catch(onTrouble));
  const stopLooks = every(settings.watch_ms, async () => {
    if (instance.record.state !== "Working") return;
    try {
      const passed = exceededLimit(await instance.measure(), instance.limits) ?? (await disk.look());
      instance.diskMb = disk.usedMb;
      if (passed !== null) await instance.exceeded(passed);
    } catch (error) {
      onTrouble(error);
    }
  });
  void instance.ended.then(() => {
    stopChecks();
    stopLooks();
  });
};
