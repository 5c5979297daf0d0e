import { randomBytes } from "node:crypto";
import type { Role } from "../../schemas/contract.ts";
import type { Runtime, RuntimeOptions } from "../runtime/runtime.ts";
import type { OpenSurface } from "./surface.ts";
import { dropStaleEndpoints, publishEndpoint, type Endpoint } from "./endpoints.ts";
import { claimStateFolder } from "./state-stamp.ts";

export type OwnedRuntimeOptions = RuntimeOptions & { stateFolder: string };

export interface ServedRuntime extends Runtime {
  /** Where other programs of this user reach it, and the token they need. */
  endpoint: Endpoint;
}

export interface ServeOptions {
  /** How other processes get in: `serveRest` of `surfaces/rest`. */
  openSurface: OpenSurface;
  version: string;
  /** 0, or left out: any free port. */
  port?: number;
  /** What holders of the token may do. */
  role?: Role;
}

/**
 * A runtime that other programs of this user reach over REST: while it owns a state folder, the
 * command line and other editors ask it in place of opening the folder themselves. Errors:
 * `state_foreign`, and those of `createRuntime`.
 */
export const serveRuntime = async (
  options: OwnedRuntimeOptions,
  { openSurface, version, port = 0, role = "admin" }: ServeOptions,
): Promise<ServedRuntime> => {
  const { stateFolder } = options;
  claimStateFolder(stateFolder, options.workspace);
  const opening = Promise.withResolvers<Runtime>();
  // Requests that came early get the failure as their answer; the caller that opened it gets it below.
  opening.promise.catch(() => undefined);
  const token = randomBytes(32).toString("base64url");
  const [surface, { createRuntime }] = await Promise.all([
    openSurface({ runtime: opening.promise, token, role, port, version, log: options.log }),
    import("../runtime/runtime.ts"),
  ]);
  const endpoint = { url: surface.url, token };
  const published = publishEndpoint(stateFolder, endpoint);
  try {
    const runtime = await createRuntime(options);
    dropStaleEndpoints(stateFolder);
    opening.resolve(runtime);
    return {
      ...runtime,
      endpoint,
      close: async () => {
        await surface.close();
        await runtime.close();
        published.withdraw();
      },
    };
  } catch (error) {
    published.withdraw();
    opening.reject(error);
    await surface.close();
    throw error;
  }
};
