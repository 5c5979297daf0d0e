import { fail } from "../../../../schemas/errors.ts";
import type { Settings } from "../../../../schemas/settings.ts";

/** The user's settings for the Cloud Run service that instances run in. */
export type CloudRunSettings = Settings["cloud_run"];

/** The regions that a runtime may use, in order. */
export const regionsOf = ({ region, regions }: CloudRunSettings): string[] =>
  regions.length > 0 ? [...new Set(regions)] : region === null ? [] : [region];

/** Checks the settings without which nothing can start. Errors: `cloud_run_unavailable`. */
export const checkSettings = (settings: CloudRunSettings): void => {
  const { network, subnetwork, service_account, allow_reachable } = settings;
  const refuse = (reason: string, hint: string): Error => fail("cloud_run_unavailable", { reason, hint });
  if (regionsOf(settings).length === 0)
    throw refuse("no region is set", "Set cloud_run.region, for example europe-west1.");
  if (network === null && subnetwork === null && !allow_reachable.includes("internet"))
    throw refuse(
      "no VPC network is set, and without one instances reach the internet",
      "Set cloud_run.network or cloud_run.subnetwork to a network whose firewall denies all egress.",
    );
  if (service_account === null && allow_reachable.includes("metadata"))
    throw refuse(
      "instances may reach the metadata server, which would give them tokens of the project's default account",
      "Set cloud_run.service_account to an account without any role.",
    );
};
