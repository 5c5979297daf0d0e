import type { Settings } from "../../../../schemas/settings.ts";

/** What the user says of the cluster that instances run in. */
export type KubernetesSettings = Settings["kubernetes"];
