import type { Settings } from "../../../../schemas/settings.ts";

/** What the user says of the Cloud Run service that instances run in. */
export type CloudRunSettings = Settings["cloud_run"];
