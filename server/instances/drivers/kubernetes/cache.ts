import { z } from "zod";
import { userCode } from "../../../platform/user-key.ts";
import type { PackCache } from "../remote/files.ts";
import { PackIds } from "../remote/packs.ts";
import type { Cluster } from "./cluster.ts";
import { isForbidden, isMissing } from "./errors.ts";
import { CACHE_FOLDER } from "./pod.ts";
import type { KubernetesSettings } from "./settings.ts";

const Claim = z.object({
  metadata: z.object({ deletionTimestamp: z.string().nullish() }),
  spec: z.object({ accessModes: z.array(z.string()).default([]) }).prefault({}),
  status: z.object({ phase: z.string().default("Pending") }).prefault({}),
});

/** Only these modes let several pods write. */
const SHARED = ["ReadWriteMany", "ReadWriteOnce"];

/**
 * Why pods cannot mount a claim; null if nothing is known against it. A claim may be bound only when its first pod
 * starts. Errors: `ApiError`, those of the connection.
 */
export const claimProblem = async (
  cluster: Cluster,
  name: string,
  signal: AbortSignal,
): Promise<string | null> => {
  try {
    const path = `/api/v1/namespaces/${cluster.namespace}/persistentvolumeclaims/${name}`;
    const { metadata, spec, status } = await cluster.ask(Claim, "GET", path, {}, signal);
    if (metadata.deletionTimestamp != null) return "it is being deleted";
    if (status.phase === "Lost") return "its volume is gone";
    if (spec.accessModes.some((mode) => SHARED.includes(mode))) return null;
    return `its access modes are ${spec.accessModes.join(", ")}, not ReadWriteMany or ReadWriteOnce`;
  } catch (error) {
    if (isMissing(error)) return "missing";
    if (isForbidden(error) && error instanceof Error) return `cannot be read: ${error.message}`;
    throw error;
  }
};

export interface WorkspaceCacheOptions {
  claim: string;
  settings: KubernetesSettings;
  stateFolder: string;
  /** Called once for each reason why the cache is not used. */
  warn: (problem: string) => void;
}

/** What pods of one claim keep of the workspace for those after them. */
export class WorkspaceCache {
  readonly #options: WorkspaceCacheOptions;
  readonly #ids = new PackIds();
  readonly #said = new Set<string>();

  constructor(options: WorkspaceCacheOptions) {
    this.#options = options;
  }

  get claim(): string {
    return this.#options.claim;
  }

  /**
   * Where a workspace's packs are. The key never gets into an object of the cluster, so neither another tenant
   * nor who else reads the volume learns what they contain.
   */
  of(workspace: string): PackCache {
    const { settings, stateFolder } = this.#options;
    const codeOf = (purpose: string): string =>
      userCode(`workspace cache ${purpose}`, JSON.stringify([stateFolder, workspace])).toString("hex");
    return {
      root: CACHE_FOLDER,
      folder: codeOf("folder"),
      key: codeOf("key"),
      limit: settings.cache_mb * 1024 ** 2,
      ids: this.#ids,
    };
  }

  tell(problem: string): void {
    if (this.#said.has(problem)) return;
    this.#said.add(problem);
    this.#options.warn(
      `The workspace cache in the claim ${this.claim} is not used: ${problem}. Each pod gets the whole workspace.`,
    );
  }
}
