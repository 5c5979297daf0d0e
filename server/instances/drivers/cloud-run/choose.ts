import { fail } from "../../../../schemas/errors.ts";
import { chooseAnswering } from "../remote/choose.ts";
import { CloudRunAdmin } from "./admin.ts";
import { type CloudRunSettings, checkSettings, regionsOf } from "./settings.ts";

/** The APIs of all regions that a runtime may use, in order. Errors: `cloud_run_unavailable`. */
export const openRegions = async (settings: CloudRunSettings): Promise<CloudRunAdmin[]> => {
  checkSettings(settings);
  const { project } = settings;
  return await Promise.all(regionsOf(settings).map((region) => CloudRunAdmin.open({ project, region })));
};

/**
 * The region that instances run in. If there are several, the first that answers (`order`) or the one that answers
 * soonest (`latency`). Errors: `cloud_run_unavailable`.
 */
export const chooseRegion = async (
  admins: readonly CloudRunAdmin[],
  { choose_by }: CloudRunSettings,
): Promise<CloudRunAdmin> => {
  const chosen = await chooseAnswering(admins, choose_by, (admin, signal) => admin.list({}, signal));
  if (chosen !== null) return chosen;
  throw fail("cloud_run_unavailable", {
    reason: `none of the regions ${admins.map(({ region }) => region).join(", ")} answers`,
    hint: "Check the connection to Google Cloud, your credentials, and the setting cloud_run.regions.",
  });
};
