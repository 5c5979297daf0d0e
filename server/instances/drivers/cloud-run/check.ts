import { CloudRunAdmin } from "./admin.ts";
import { cloudRunError } from "./errors.ts";
import { type CloudRunSettings, checkSettings } from "./settings.ts";

/**
 * Checks, without starting an instance, that the settings are complete and that the API accepts this machine's
 * credentials. Resolves with a description. Errors: `cloud_run_unavailable`.
 */
export const checkCloudRun = async (settings: CloudRunSettings, signal: AbortSignal): Promise<string> => {
  const region = checkSettings(settings);
  try {
    const admin = await CloudRunAdmin.open({ project: settings.project, region });
    await admin.list({}, signal);
    return `the API answers in ${region}`;
  } catch (error) {
    throw cloudRunError(error);
  }
};
