import { readFileSync } from "node:fs";
import { z } from "zod";

/** Set by the build: the bundle may run alone, as in an image that holds nothing else. */
declare const CODITECT_VERSION: string | undefined;

/** The version of the agents' code: what the build put in, or package.json above the sources. */
export const agentVersion = (): string => {
  if (typeof CODITECT_VERSION === "string") return CODITECT_VERSION;
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return z.object({ version: z.string() }).parse(JSON.parse(text)).version;
};
