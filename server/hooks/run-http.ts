import type { HttpHook } from "../../schemas/hooks.ts";
import type { CheckedFetch } from "../tools/checked-fetch.ts";
import { readText } from "../tools/http-tool.ts";
import { resolveSecrets, type SecretPlaces } from "../tools/secrets.ts";
import type { Said } from "./decision.ts";

/** What an HTTP hook is sent with. */
export interface Reach {
  checked: CheckedFetch;
  places: SecretPlaces;
}

/**
 * Sends a hook its input. Any status but 2xx is a failure. Errors: `host_refused`, and
 * those of `resolveSecret`.
 */
export const runHttpHook = async (
  { url, headers }: HttpHook,
  told: string,
  { checked, places }: Reach,
  signal: AbortSignal,
): Promise<Said> => {
  const sent = { "content-type": "application/json", ...(await resolveSecrets(headers, places)) };
  const response = await checked.fetch(url, { method: "POST", headers: sent, body: told, signal });
  const text = await readText(response);
  if (!response.ok) throw new Error(`it answered ${response.status}`);
  return { outcome: "answered", text };
};
