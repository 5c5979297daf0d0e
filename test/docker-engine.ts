import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { DEFAULT_IMAGE } from "../server/instances/docker/container.ts";
import { findEngine } from "../server/instances/docker/engine.ts";
import { buildImage } from "../server/instances/docker/image.ts";

const START_MS = 30_000;
const BUILD_MS = 180_000;

const answers = async (): Promise<boolean> => {
  try {
    const { client } = await findEngine();
    await client.ping();
    return true;
  } catch {
    return false;
  }
};

/** Starts Debian's engine as root does by hand; it goes on after the tests, for the next ones. */
const startEngine = async (): Promise<boolean> => {
  const program = ["/usr/sbin/dockerd", "/usr/bin/dockerd"].find((path) => existsSync(path));
  if (program === undefined || process.getuid?.() !== 0) return false;
  spawn(program, ["--storage-driver=overlay2"], { detached: true, stdio: "ignore" }).unref();
  const deadline = Date.now() + START_MS;
  while (Date.now() < deadline) {
    if (await answers()) return true;
    await sleep(200);
  }
  return false;
};

const hasImage = async (): Promise<boolean> => {
  const { client } = await findEngine();
  return client
    .getImage(DEFAULT_IMAGE)
    .inspect()
    .then(
      ({ Config }) => Config.Labels["coditect.node"] === process.version,
      () => false,
    );
};

const prepare = async (): Promise<string | null> => {
  if (!(await answers()) && !(await startEngine())) return "no container engine answers here";
  if (!(await hasImage())) await buildImage({ base: null, signal: AbortSignal.timeout(BUILD_MS) });
  return null;
};

let prepared: Promise<string | null> | null = null;

/** Null: an engine runs, with the image for instances in it. Otherwise why tests of it are skipped. */
export const dockerEngine = (): Promise<string | null> => (prepared ??= prepare());
