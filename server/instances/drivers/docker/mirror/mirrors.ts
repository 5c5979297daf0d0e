import type Dockerode from "dockerode";
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fail } from "../../../../../schemas/errors.ts";
import type { WorkerEntry } from "../../../../platform/installation.ts";
import type { WorkerSpec } from "../../driver.ts";
import { INSTANCE_LABEL } from "../container.ts";
import type { Engine } from "../engine.ts";
import { openMirror } from "./mirror.ts";
import type { Mirror, MirrorOptions } from "./mirror.ts";
import { fileParts, mountFolders, treeParts } from "../../../../workspace/tree.ts";

/** An instance's use of the mirrors, until it returns it. */
export interface MirrorUse {
  readonly mounts: Dockerode.MountSettings[];
  refresh: (signal: AbortSignal) => Promise<void>;
  release(): Promise<void>;
}

/** The mirrors of one driver. Instances on the same workspace share a mirror. */
export interface Mirrors {
  /**
   * Resolves with a mirror that is up to date. Errors: the engine's own, `cancelled`,
   * `instance_not_started`, `workspace_not_mirrored`.
   */
  use(engine: Engine, spec: WorkerSpec & { image: string }, signal: AbortSignal): Promise<MirrorUse>;
}

/** The script and the files that say how to load it. A bundle needs nothing else. */
export const programFiles = (entry: WorkerEntry): string[] => {
  const script = entry.args.at(-1) ?? entry.command;
  if (script.endsWith(".ts")) {
    const reason = "only the built worker can be sent to an engine on another machine";
    throw fail("instance_not_started", { reason });
  }
  return [script, join(dirname(script), "package.json")].filter((path) => existsSync(path));
};

/** `own`: volumes labelled with one of these names belong to this runtime and are not orphans. */
export const createMirrors = (
  entry: WorkerEntry,
  label: Record<string, string>,
  own: Set<string>,
): Mirrors => {
  const shared = new Map<string, { id: string; mirror: Promise<Mirror>; users: number }>();

  const open = (key: string, options: Omit<MirrorOptions, "labels">) => {
    const id = randomUUID();
    own.add(id);
    const labels = { ...label, [INSTANCE_LABEL]: id };
    const opened = { id, mirror: openMirror({ ...options, labels }), users: 0 };
    shared.set(key, opened);
    return opened;
  };

  const take = async (key: string, options: Omit<MirrorOptions, "labels">, signal: AbortSignal) => {
    const known = shared.get(key) ?? open(key, options);
    known.users += 1;
    const release = async (): Promise<void> => {
      known.users -= 1;
      if (known.users > 0) return;
      if (shared.get(key) === known) shared.delete(key);
      try {
        await (await known.mirror).close();
      } finally {
        // A mirror that could not be removed is an orphan from now on.
        own.delete(known.id);
      }
    };
    try {
      const mirror = await known.mirror;
      await mirror.sync(signal);
      return { mirror, release };
    } catch (error) {
      await release().catch(() => undefined);
      throw error;
    }
  };

  return {
    use: async (engine, { image, workspace, readable }, signal) => {
      const files = programFiles(entry);
      const common = { engine, image };
      const taken = [
        take("", { ...common, folders: mountFolders(files), parts: () => fileParts(files) }, signal),
        take(
          JSON.stringify([workspace, image]),
          { ...common, folders: mountFolders(readable), parts: () => treeParts(workspace, readable) },
          signal,
        ),
      ] as const;
      const [program, tree] = await Promise.all(taken).catch(async (error: unknown) => {
        for (const one of await Promise.allSettled(taken)) {
          if (one.status === "fulfilled") await one.value.release().catch(() => undefined);
        }
        throw error;
      });
      return {
        mounts: [...program.mirror.mounts, ...tree.mirror.mounts],
        refresh: (refreshing) => tree.mirror.sync(refreshing),
        release: async () => {
          await Promise.all([program.release(), tree.release()]);
        },
      };
    },
  };
};
