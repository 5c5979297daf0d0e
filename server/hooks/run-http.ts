import type { HttpHook } from "../../schemas/hooks.ts";
import type { CheckedFetch } from "../tools/checked-fetch.ts";
import { readText } from "../tools/http-tool.ts";
import { resolveSecrets } from "../tools/secrets.ts";
import type { Said } from "./decision.ts";

/** What an HTTP hook is sent with. */
export interface Reach {
  checked: CheckedFetch;
  environment: NodeJS.ProcessEnv;
}

/** Sends a hook its input. Any status but 2xx is a failure. Errors: `host_refused`, `secret_missing`. */
export const runHttpHook = async (
  { url, headers }: HttpHook,
  told: string,
  { checked, environment }: Reach,
  signal: AbortSignal,
): Promise<Said> => {
  const sent = { "content-type": "application/json", ...resolveSecrets(headers, environment) };
  const response = await checked.fetch(url, { method: "POST", headers: sent, body: told, signal });
  const text = await readText(response);
  if (!response.ok) throw new Error(`it answered ${response.status}`);
  return { outcome: "answered", text };
};
