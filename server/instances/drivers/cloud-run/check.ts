import { CloudRunAdmin } from "./admin.ts";
import { cloudRunError } from "./errors.ts";
import { type CloudRunSettings, checkSettings } from "./settings.ts";

/**
 * Whether instances can be started there, as far as that is known without starting one: the settings are
 * complete, and the API answers to the credentials of this machine. Resolves with a description. Errors:
 * `cloud_run_unavailable`.
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
