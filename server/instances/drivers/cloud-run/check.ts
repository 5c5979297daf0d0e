import { openRegions } from "./choose.ts";
import { cloudRunError } from "./errors.ts";
import type { CloudRunSettings } from "./settings.ts";

/**
 * Checks, without starting an instance, that the settings are complete and that the API accepts this machine's
 * credentials in each region. Resolves with a description. Errors: `cloud_run_unavailable`.
 */
export const checkCloudRun = async (settings: CloudRunSettings, signal: AbortSignal): Promise<string> => {
  try {
    const admins = await openRegions(settings);
    await Promise.all(admins.map((admin) => admin.list({}, signal)));
    return `the API answers in ${admins.map(({ region }) => region).join(", ")}`;
  } catch (error) {
    throw cloudRunError(error);
  }
};
