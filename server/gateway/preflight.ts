import type { AIProvider, Effort } from "../../schemas/agent.ts";
import { CoditectError } from "../../schemas/errors.ts";
import { askOnce } from "./ask-once.ts";
import { effortRefused, missingKey, modelMissing, withoutAddress } from "./faults.ts";
import type { ModelSources } from "./models.ts";
import { targetOf, type Target } from "./targets.ts";

/** A local server answers a listing at once, or is not well. */
const LISTING_MS = 5000;

/** What makes a run of no use whatever the model would say. */
const telling: ReadonlySet<CoditectError["code"]> = new Set(["provider_unreachable", "credential_rejected"]);

type Sources = Pick<ModelSources, "providers" | "keysOf" | "endpoints" | "connections" | "now">;

/** Whether an Ollama that has these models has this one; a name without a tag means the latest. */
const has = (models: readonly { model: string }[], wanted: string): boolean =>
  models.some(({ model }) => model === wanted || model === `${wanted}:latest`);

const problemOfServer = async (
  target: Target,
  key: string | null,
  signal: AbortSignal,
  { providers, connections, now }: Sources,
): Promise<CoditectError | null> => {
  const deadlines = { firstByte: LISTING_MS, silence: LISTING_MS, total: LISTING_MS };
  const provider = await providers(target.provider);
  try {
    const options = { to: target, key, connections, deadlines, signal, now };
    const models = await askOnce(options, (transport) => provider.list({ to: target, key, transport }));
    // A server that lists nothing at all, such as a proxy in front of one, may have it nonetheless.
    return models.length === 0 || has(models, target.model) ? null : modelMissing(target).error;
  } catch (error) {
    if (signal.aborted || !(error instanceof CoditectError)) throw error;
    return telling.has(error.code) ? error : null;
  }
};

const problemOf = async (
  target: Target,
  effort: Effort | null,
  signal: AbortSignal,
  sources: Sources,
  reachable: boolean,
): Promise<CoditectError | null> => {
  const refused = withoutAddress(target) ?? effortRefused(target, effort);
  if (refused !== null) return refused.error;
  const [key = null] = await sources.keysOf(target);
  const { needsKey } = await sources.providers(target.provider);
  if (needsKey && key === null) return missingKey(target).error;
  // Services are not asked: that there is a key is all that can be told without a wait.
  return reachable && target.provider === "Ollama" ? problemOfServer(target, key, signal, sources) : null;
};

/**
 * What is certain to keep an agent from being answered, before anything is started; `null`: nothing
 * is known of it. As in a run, one provider of several is enough, and the first one's error counts.
 */
export const modelProblem = async (
  { providers, effort }: { providers: readonly AIProvider[]; effort: Effort | null },
  signal: AbortSignal,
  sources: Sources,
  reachable: boolean,
): Promise<CoditectError | null> => {
  let first: CoditectError | null = null;
  for (const provider of providers) {
    const problem = await problemOf(
      targetOf(provider, sources.endpoints),
      effort,
      signal,
      sources,
      reachable,
    );
    if (problem === null) return null;
    first ??= problem;
  }
  return first;
};
