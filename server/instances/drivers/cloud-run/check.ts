import { openRegions } from "./choose.ts";
import { cloudRunError } from "./errors.ts";
import type { CloudRunSettings } from "./settings.ts";

/**
 * Checks, without starting an instance, that the settings are complete and that the API accepts this machine's
 * credentials. Resolves with the regions that answer, and why others do not. Errors: `cloud_run_unavailable` if no
 * region answers.
 */
export const checkCloudRun = async (settings: CloudRunSettings, signal: AbortSignal): Promise<string> => {
  try {
    const answers = await Promise.all(
      (await openRegions(settings)).map(async (admin) => {
        const why = await admin.list({}, signal).then(
          () => null,
          (error: unknown) => cloudRunError(error),
        );
        return { region: admin.region, why };
      }),
    );
    const refused = answers.flatMap(({ region, why }) => (why === null ? [] : [{ region, why }]));
    const [first] = refused;
    if (first !== undefined && refused.length === answers.length) throw first.why;
    const good = answers.flatMap(({ region, why }) => (why === null ? [region] : []));
    return [
      `the API answers in ${good.join(", ")}`,
      ...refused.map(({ region, why }) => `not in ${region}: ${why.message}`),
    ].join("; ");
  } catch (error) {
    throw cloudRunError(error);
  }
};
