import type { RuntimeType } from "../../schemas/agent.ts";
import type { Settings } from "../../schemas/settings.ts";
import type { WorkerEntry } from "../platform/installation.ts";
import type { Log } from "../platform/log.ts";
import { DeferredDriver } from "./drivers/deferred.ts";
import type { Driver } from "./drivers/driver.ts";
import { createLocalDriver } from "./drivers/local/driver.ts";

/** The available drivers. Create a new driver here; it must pass the conformance suite. */
export const createDrivers = (
  entry: WorkerEntry,
  settings: Settings,
  stateFolder: string,
  log: Log,
  unconfined: () => Settings["unconfined"] = () => settings.unconfined,
): Record<RuntimeType, Driver> => ({
  Local: createLocalDriver({ entry, environment: [], unconfined }),
  Docker: new DeferredDriver("Docker", async () => {
    const { createDockerDriver } = await import("./drivers/docker/driver.ts");
    return createDockerDriver({
      entry,
      stateFolder,
      ...(settings.image !== null && { image: settings.image }),
    });
  }),
  Kubernetes: new DeferredDriver("Kubernetes", async () => {
    const { KubernetesDriver } = await import("./drivers/kubernetes/driver.ts");
    const warn = (problem: string): void => {
      log("warn", problem);
    };
    return new KubernetesDriver({ entry, stateFolder, settings: settings.kubernetes, warn });
  }),
  CloudRun: new DeferredDriver("CloudRun", async () => {
    const { CloudRunDriver } = await import("./drivers/cloud-run/driver.ts");
    return new CloudRunDriver({ entry, stateFolder, settings: settings.cloud_run });
  }),
});
