import type { IsolationRules } from "../remote/isolation.ts";
import type { CloudRunSettings } from "./settings.ts";

type Place = CloudRunSettings["allow_reachable"][number];

const HTTPS = 443;
/** Google: addresses of its APIs for networks without the internet. */
const GOOGLE_APIS = ["199.36.153.4", "199.36.153.8"];
const INTERNET = ["1.1.1.1", "8.8.8.8"];

/** What an instance in Cloud Run must not reach. */
export const cloudRunRules = (allowed: readonly Place[]): IsolationRules<Place> => ({
  targets: [
    { name: "processes", memory: true },
    { name: "metadata", host: "169.254.169.254", port: 80 },
    // A name server is harmless if it does not answer for names outside the network.
    { name: "dns", query: "example.com" },
    ...GOOGLE_APIS.map((host) => ({ name: "google_apis" as const, host, port: HTTPS })),
    ...INTERNET.map((host) => ({ name: "internet" as const, host, port: HTTPS })),
  ],
  words: {
    processes: "the memory of other processes in its container",
    metadata: "the metadata server",
    dns: "a name server that knows public names",
    google_apis: "Google's APIs",
    internet: "the internet",
  },
  reached: {},
  allowed,
  hint: (exposed) =>
    exposed.every((place) => place === "metadata")
      ? "No firewall can close the metadata server of Cloud Run. Set cloud_run.service_account to an account without roles, and add metadata to cloud_run.allow_reachable (docs/cloud-run.md)."
      : `Deny access in the firewall and name server of the VPC network (docs/cloud-run.md), or add these places to the setting cloud_run.allow_reachable: ${exposed.join(",")}.`,
});
