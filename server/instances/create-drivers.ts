import type { InstanceRuntime } from "../../schemas/agent.ts";
import type { Settings } from "../../schemas/settings.ts";
import type { WorkerEntry } from "../platform/installation.ts";
import { createDockerDriver } from "./drivers/docker/driver.ts";
import type { Driver } from "./drivers/driver.ts";
import { KubernetesDriver } from "./drivers/kubernetes/driver.ts";
import { createLocalDriver } from "./drivers/local/driver.ts";

/** The drivers there are. A new one is made here, and passes the conformance suite. */
export const createDrivers = (
  entry: WorkerEntry,
  settings: Settings,
  stateFolder: string,
  unconfined: () => Settings["unconfined"] = () => settings.unconfined,
): Record<InstanceRuntime, Driver> => ({
  Local: createLocalDriver({ entry, environment: [], unconfined }),
  Docker: createDockerDriver({
    entry,
    stateFolder,
    ...(settings.image !== null && { image: settings.image }),
  }),
  Kubernetes: new KubernetesDriver({ entry, stateFolder, settings: settings.kubernetes }),
});
