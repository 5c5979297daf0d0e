import { readFileSync } from "node:fs";
import { z } from "zod";

/**
 * The version of the agents' code, as package.json has it: one folder above the bundle, two above
 * this file. `unversioned` where the bundle runs alone, as in an image that holds nothing else.
 */
export function agentVersion(): string {
  const place = import.meta.url.endsWith(".ts") ? "../../package.json" : "../package.json";
  try {
    const text = readFileSync(new URL(place, import.meta.url), "utf8");
    return z.object({ version: z.string() }).parse(JSON.parse(text)).version;
  } catch {
    return "unversioned";
  }
}
