import type { Settings } from "../../../../schemas/settings.ts";

/** The user's settings for the cluster that instances run in. */
export type KubernetesSettings = Settings["kubernetes"];
