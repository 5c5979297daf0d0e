import { DEFAULT_IMAGE } from "../server/instances/drivers/docker/container.ts";
import { findEngine } from "../server/instances/drivers/docker/engine.ts";
import { IMAGE_RECIPE } from "../server/instances/drivers/docker/image-label.ts";
import { buildImage } from "../server/instances/drivers/docker/image.ts";

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

const hasImage = async (): Promise<boolean> => {
  const { client } = await findEngine();
  return client
    .getImage(DEFAULT_IMAGE)
    .inspect()
    .then(
      ({ Config: { Labels } }) =>
        Labels["coditect.node"] === process.version && Labels["coditect.image"] === IMAGE_RECIPE,
      () => false,
    );
};

const prepare = async (): Promise<string | null> => {
  if (!(await answers())) return "no container engine answers here";
  if (!(await hasImage())) await buildImage({ base: null, signal: AbortSignal.timeout(BUILD_MS) });
  return null;
};

let prepared: Promise<string | null> | null = null;

/** Null: an engine runs, with the image for instances in it. Otherwise why tests of it are skipped. */
export const dockerEngine = (): Promise<string | null> => (prepared ??= prepare());
