import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { SettingsInput } from "../../../schemas/settings.ts";
import { DEFAULT_IMAGE } from "../../../server/instances/drivers/docker/container.ts";
import { bundleWorkers } from "../bundled-workers.ts";
import { restoreEnvironment } from "../environment.ts";
import { CloudRunDouble, REGION } from "./double.ts";

const gateway = fileURLToPath(
  new URL("../../../server/instances/drivers/cloud-run/gateway/main.ts", import.meta.url),
);

/** Settings with the double's region, an existing image, and a closed network. */
export const cloudRunSettings: NonNullable<SettingsInput["cloud_run"]> = {
  ...{ region: REGION, image: DEFAULT_IMAGE, network: "closed", files_mb: 256 },
};

/** A double of Cloud Run for the tests of a suite, with bundled workers by name. */
export const cloudRunTestbed = (workers: Readonly<Record<string, string>>) => {
  const environmentBefore = { ...process.env };
  let double: CloudRunDouble;
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "coditect-program-"));
    await bundleWorkers(folder, { ...workers, "cloud-run-gateway": gateway });
    double = await CloudRunDouble.start();
    Object.assign(process.env, double.environment);
  });
  after(async () => {
    restoreEnvironment(environmentBefore);
    await double.close();
    await rm(folder, { recursive: true, force: true });
  });
  return {
    get double() {
      return double;
    },
    /** The absolute path of a worker's bundle. */
    worker: (name: string): string => join(folder, `${name}.cjs`),
  };
};
