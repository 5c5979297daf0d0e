import { randomBytes } from "node:crypto";
import type { Role } from "../../schemas/contract.ts";
import type { Runtime, RuntimeOptions } from "../runtime/runtime.ts";
import { serveRest } from "../surfaces/rest/rest.ts";

export interface ServedRuntime extends Runtime {
  /** Where other programs reach it, and the token they need; both stand in the lock file. */
  endpoint: { url: string; token: string };
}

export interface ServeOptions {
  version: string;
  /** 0, or left out: any free port. */
  port?: number;
  /** What holders of the token may do. */
  role?: Role;
}

/**
 * A runtime that other programs of this user reach over REST: while it owns a state folder, the
 * command line and other editors ask it in place of opening the folder themselves.
 */
export const serveRuntime = async (
  options: RuntimeOptions,
  { version, port = 0, role = "admin" }: ServeOptions,
): Promise<ServedRuntime> => {
  const opening = Promise.withResolvers<Runtime>();
  // Requests that came early get the failure as their answer; whoever opened it gets it below.
  opening.promise.catch(() => undefined);
  const token = randomBytes(32).toString("base64url");
  const [rest, { createRuntime }] = await Promise.all([
    serveRest({ runtime: opening.promise, token, role, port, version, log: options.log }),
    import("../runtime/runtime.ts"),
  ]);
  const endpoint = { url: rest.url, token };
  try {
    const runtime = await createRuntime({ ...options, endpoint });
    opening.resolve(runtime);
    return {
      ...runtime,
      endpoint,
      close: async () => {
        await rest.close();
        await runtime.close();
      },
    };
  } catch (error) {
    opening.reject(error);
    await rest.close();
    throw error;
  }
};
