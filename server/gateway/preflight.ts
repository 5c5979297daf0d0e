import type { AIProvider, Effort } from "../../schemas/agent.ts";
import { defaultModels } from "../../schemas/default-models.ts";
import { CoditectError } from "../../schemas/errors.ts";
import { askOnce } from "./ask-once.ts";
import { effortRefused, missingKey, modelMissing, onlyInEditor, withoutAddress } from "./faults.ts";
import type { ModelSources } from "./models.ts";
import { targetOf, type Target } from "./targets.ts";

/** A local server answers a listing at once, or has a problem. */
const LISTING_MS = 5000;

/** What makes a run useless whatever the model would answer. */
const telling: ReadonlySet<CoditectError["code"]> = new Set(["provider_unreachable", "credential_rejected"]);

type Sources = Pick<ModelSources, "providers" | "keysOf" | "endpoints" | "connections" | "now">;

/** Whether Ollama or VS Code, which list these models, may have this one. */
const mayHave = (models: readonly { model: string }[], { provider, model: wanted }: Target): boolean => {
  if (provider === "VSCode" && wanted === defaultModels.VSCode) return models.length > 0;
  // A server that lists nothing at all, such as a proxy, may have the model nevertheless.
  if (provider === "Ollama" && models.length === 0) return true;
  // For Ollama, a name without a tag means the latest.
  return models.some(({ model }) => model === wanted || model === `${wanted}:latest`);
};

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
    return mayHave(models, target) ? null : modelMissing(target).error;
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
  if (target.provider === "VSCode" && sources.connections.editor === null) return onlyInEditor().error;
  const [key = null] = await sources.keysOf(target);
  const { needsKey } = await sources.providers(target.provider);
  if (needsKey && key === null) return missingKey(target).error;
  // Services are not asked: that there is a key is all that can be known without waiting.
  const isNear = target.provider === "Ollama" || target.provider === "VSCode";
  return reachable && isNear ? problemOfServer(target, key, signal, sources) : null;
};

/**
 * What will certainly keep an agent from being answered, known before anything starts; `null`: nothing
 * is known. As in a run, one working provider is enough, and the first one's error counts.
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
