import { z } from "zod";
import { fail } from "../../../../schemas/errors.ts";
import { DEFAULT_IMAGE } from "./container.ts";
import { engineError, findEngine } from "./engine.ts";
import type { Engine } from "./engine.ts";
import { recipeOf } from "./image-label.ts";
import { parseImageName, registryLogin } from "./registry.ts";

export interface PushRequest {
  /** The name in a registry, such as `registry.example.com/team/worker:1`. */
  name: string;
  /** The image on this engine; null means the image with that name, or the default one. */
  from: string | null;
  tell?: (line: string) => void;
  engine?: Engine;
  signal: AbortSignal;
}

const PushLine = z.object({
  status: z.string().optional(),
  id: z.string().optional(),
  error: z.string().optional(),
  aux: z.object({ Digest: z.string() }).optional(),
});

/** Reads the progress of a push to its end; resolves with the digest in the registry. */
const followPush = async (
  progress: NodeJS.ReadableStream,
  tell: (line: string) => void,
): Promise<string | null> => {
  let rest = "";
  let digest: string | null = null;
  for await (const chunk of progress) {
    const lines = (rest + chunk.toString()).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines.filter((text) => text.trim() !== "")) {
      const { status, id, error, aux } = PushLine.parse(JSON.parse(line));
      if (error !== undefined) throw new Error(error);
      digest = aux?.Digest ?? digest;
      if (status !== undefined && /^(Pushed|Layer already exists|Preparing)$/.test(status))
        tell(`${id ?? ""} ${status}`.trim());
    }
  }
  return digest;
};

/** The image to push. It must contain the worker's Node to run instances. */
const sourceOf = async (engine: Engine, { from, name, signal }: PushRequest): Promise<string> => {
  for (const image of from === null ? [name, DEFAULT_IMAGE] : [from]) {
    const recipe = await recipeOf(engine, image, signal);
    if (recipe === null) continue;
    if (recipe === undefined) throw fail("image_not_built", { image });
    return image;
  }
  throw fail("image_missing", { image: from ?? name });
};

const refusal = (name: string, error: unknown): Error | null => {
  const said = error instanceof Error ? error.message : String(error);
  return /denied|unauthorized|authentication required|no basic auth/i.test(said)
    ? fail("registry_refused", { name, reason: said }, { cause: error })
    : null;
};

/**
 * Pushes the image of instances to a registry, with the login from `docker login`. Resolves with its
 * name pinned to the digest, so that nobody can change what a cluster runs. Errors: `usage`,
 * `image_missing`, `image_not_built`, `image_outdated`, `registry_refused`, `engine_unavailable`, `cancelled`.
 */
export const pushImage = async (request: PushRequest): Promise<string> => {
  const { name, signal, tell = () => undefined } = request;
  const target = parseImageName(name);
  if (target === null)
    throw fail("usage", {
      problem: `${name} is not the name of an image, such as registry.example.com/worker:1`,
    });
  const { registry, repository, tag } = target;
  try {
    const engine = request.engine ?? (await findEngine());
    const source = await sourceOf(engine, request);
    const full = `${repository}:${tag}`;
    if (source !== full) await engine.client.getImage(source).tag({ repo: repository, tag });
    const login = await registryLogin(registry);
    const progress = await engine.client.getImage(full).push({
      // Without a header, some engines refuse the request.
      authconfig: login ?? {},
      abortSignal: signal,
    });
    const digest = await followPush(progress, tell);
    if (digest === null) throw new Error("the registry named no digest");
    return `${repository}@${digest}`;
  } catch (error) {
    if (signal.aborted) throw fail("cancelled", { what: "Pushing the image" });
    throw refusal(name, error) ?? engineError(error, request.from ?? name);
  }
};
