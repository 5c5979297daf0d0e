import type Dockerode from "dockerode";
import { randomUUID } from "node:crypto";
import { dirname } from "node:path";
import { z } from "zod";
import { fail } from "../../../../../schemas/errors.ts";
import { SerialQueue } from "../../../../../schemas/serial-queue.ts";
import { pacer } from "../../../../workspace/pace.ts";
import { isWithin } from "../../../../workspace/paths.ts";
import { openLimits, WORKER_LIBRARIES, WORKER_NODE } from "../container.ts";
import type { Engine } from "../engine.ts";
import { archiveOf } from "./archive.ts";
import { changesOf } from "./changes.ts";
import type { Mirrored } from "./changes.ts";
import type { TreePart } from "../../../../workspace/tree.ts";

export interface MirrorOptions {
  engine: Engine;
  image: string;
  /** The label by which the next runtime recognises what this one left behind. */
  labels: Record<string, string>;
  /** The mounted folders. None is inside another. */
  folders: readonly string[];
  parts: () => Iterable<TreePart>;
}

/** Copies of this machine's files on an engine that does not see them. Each has the same path as here. */
export interface Mirror {
  /** Mounts that show them to a container, read-only. */
  readonly mounts: Dockerode.MountSettings[];
  /** Sends what changed since the last time and removes what is gone. Errors: the engine's own, `cancelled`. */
  sync(signal: AbortSignal): Promise<void>;
  /** Removes it; nothing may use it afterwards. */
  close(): Promise<void>;
}

const REMOVE =
  "for (const p of process.argv.slice(1)) require('fs').rmSync(p, {recursive: true, force: true})";
/** The maximum number of paths that one command removes. */
const REMOVED_AT_ONCE = 500;

/**
 * Creates an empty mirror. Its files are in volumes, which are written through a container that never runs:
 * an engine unpacks archives into the volumes of a container even if it does not run.
 */
export const openMirror = async (options: MirrorOptions): Promise<Mirror> => {
  const { image, labels, folders } = options;
  const { client, isPodman } = options.engine;
  const volumes = await Promise.all(
    folders.map(async (folder) => {
      const Name = `coditect-${randomUUID()}`;
      await client.createVolume({ Name, Labels: labels });
      return { Name, folder };
    }),
  );
  const mounts = (ReadOnly: boolean): Dockerode.MountSettings[] =>
    volumes.map(({ Name, folder }) => ({ Type: "volume", Source: Name, Target: folder, ReadOnly }));
  const removeVolumes = async (): Promise<void> => {
    await Promise.all(volumes.map(({ Name }) => client.getVolume(Name).remove({ force: true })));
  };
  const container = (args: string[]): Promise<Dockerode.Container> =>
    client.createContainer({
      Image: image,
      Entrypoint: [WORKER_NODE, ...args],
      Cmd: [],
      Env: [`LD_LIBRARY_PATH=${WORKER_LIBRARIES}`],
      Labels: labels,
      NetworkDisabled: true,
      HostConfig: {
        NetworkMode: "none",
        CapDrop: ["ALL"],
        Ulimits: openLimits(isPodman),
        Mounts: mounts(false),
      },
    });
  const door = await container([]).catch(async (error: unknown) => {
    await removeVolumes().catch(() => undefined);
    throw error;
  });

  const remove = async (paths: readonly string[]): Promise<void> => {
    const remover = await container(["-e", REMOVE, ...paths]);
    try {
      await remover.start();
      const { StatusCode } = z.object({ StatusCode: z.int() }).parse(await remover.wait());
      if (StatusCode !== 0) throw fail("workspace_not_mirrored", {});
    } finally {
      await remover.remove({ force: true });
    }
  };

  let held: Mirrored = new Map();
  const syncNow = async (signal: AbortSignal): Promise<void> => {
    const pace = pacer("Sending the workspace", signal);
    const { sent, removed, now } = await changesOf(held, options.parts(), pace);
    const all = new Set(removed);
    const roots = removed.filter((path) => !all.has(dirname(path)));
    for (let at = 0; at < roots.length; at += REMOVED_AT_ONCE) {
      await remove(roots.slice(at, at + REMOVED_AT_ONCE));
    }
    for (const folder of folders) {
      const entries = sent.filter(({ path }) => isWithin(folder, path));
      if (entries.length === 0) continue;
      await door.putArchive(archiveOf(folder, entries), { path: folder, abortSignal: signal });
    }
    held = now;
  };

  // Two updates that start from the same state would undo each other's removals.
  const queue = new SerialQueue();
  return {
    mounts: mounts(true),
    sync: (signal) => queue.run(() => syncNow(signal)),
    close: async () => {
      await queue.over;
      await door.remove({ force: true });
      await removeVolumes();
    },
  };
};
