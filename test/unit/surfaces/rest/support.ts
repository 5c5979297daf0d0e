import type { SurfaceOptions } from "../../../../server/hosting/surface.ts";
import type { Log } from "../../../../server/platform/log.ts";
import { serveRest } from "../../../../server/surfaces/rest/rest.ts";

export const TOKEN = "t0ken";
export const bearer = { authorization: `Bearer ${TOKEN}` };

const silent: Log = () => undefined;

export const serveTest = (runtime: SurfaceOptions["runtime"]) =>
  serveRest({ runtime, token: TOKEN, version: "1.2.3", log: silent });

export interface Answer {
  status: number;
  headers: Headers;
  json: Record<string, unknown>;
}

/** Calls a server as a program with the token would. */
export const caller =
  (url: () => string) =>
  async (
    verb: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> => {
    const response = await fetch(`${url()}${path}`, {
      method: verb,
      headers: { ...bearer, ...(body !== undefined && { "content-type": "application/json" }), ...headers },
      ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const json = (text === "" ? {} : JSON.parse(text)) as Record<string, unknown>;
    return { status: response.status, headers: response.headers, json };
  };
