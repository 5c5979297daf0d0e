import type { Effort, ProviderName } from "../../schemas/agent.ts";
import { CoditectError, fail } from "../../schemas/errors.ts";
import { withoutLogin } from "../../schemas/logins.ts";
import { malformedVariable } from "../../schemas/providers.ts";
import type { OpenCircuit } from "./circuits.ts";
import { featuresOf } from "./catalogue/catalogue.ts";
import type { Missed } from "./deadlines.ts";
import { withoutKey } from "./key-text.ts";
import { keyVariables, standardName } from "./key-variables.ts";

/**
 * What may fix a failed attempt: `retry`: the same request again; `key`: another key;
 * `provider`: another provider; `nothing`: the request itself is wrong.
 */
export type Remedy = "retry" | "key" | "provider" | "nothing";

/** An attempt that failed, within the gateway; callers of the gateway see its `error`. */
export class ProviderFault extends Error {
  override readonly name = "ProviderFault";
  readonly error: CoditectError;
  readonly remedy: Remedy;
  /** How long the provider asks to wait; `null`: it did not say. */
  readonly waitMs: number | null;
  /** Whether the provider itself has a problem, which opens its circuit. */
  readonly outage: boolean;
  /** What the model reads when it is asked again; `null`: nothing. */
  readonly word: string | null;

  constructor(
    error: CoditectError,
    remedy: Remedy,
    details: { waitMs?: number | null; outage?: boolean; word?: string } = {},
  ) {
    super(error.message);
    this.error = error;
    this.remedy = remedy;
    this.waitMs = details.waitMs ?? null;
    this.outage = details.outage ?? false;
    this.word = details.word ?? null;
  }
}

/** The target of a request, for the texts of its errors. */
export interface Addressee {
  provider: ProviderName;
  model: string;
  /** Base address. */
  endpoint: string;
}

/** The variable to name to the user. Empty: the provider needs no key. */
const variableOf = (provider: ProviderName): string => keyVariables[provider][0] ?? "";

export const missingKey = ({ provider }: Addressee): ProviderFault =>
  new ProviderFault(
    fail("credential_missing", { provider, variable: variableOf(provider), name: standardName(provider) }),
    "provider",
  );

/** No editor is connected that lends its models. */
export const onlyInEditor = (): ProviderFault =>
  new ProviderFault(fail("provider_only_in_editor", {}), "provider");

export const rejectedKey = ({ provider }: Addressee): ProviderFault =>
  new ProviderFault(fail("credential_rejected", { provider, variable: variableOf(provider) }), "key");

export const modelMissing = ({ provider, model }: Addressee): ProviderFault => {
  const hints: Partial<Record<ProviderName, string>> = {
    Ollama: `Pull it: ollama pull ${model}`,
    VSCode: "Choose one that it has with CODITECT: Choose Provider and Model.",
  };
  const hint = hints[provider] ?? "See coditect models for the names.";
  return new ProviderFault(fail("model_not_found", { provider, model, hint }), "provider");
};

/** The model does not accept the requested effort. `null`: it does, or its service decides. */
export const effortRefused = (
  { provider, model }: Addressee,
  effort: Effort | null | undefined,
): ProviderFault | null => {
  const { efforts } = featuresOf(provider, model);
  if (effort == null || efforts === null || efforts.includes(effort)) return null;
  const taken = efforts.length === 0 ? "It takes none." : `It takes ${efforts.join(", ")}.`;
  const hint = `${taken} Change effort in the agent's settings or in yours, or use another model.`;
  return new ProviderFault(fail("effort_not_taken", { provider, model, effort, hint }), "provider");
};

const unreachableError = ({ provider, endpoint }: Addressee, reason: string): CoditectError => {
  const hint =
    provider === "Ollama"
      ? "Start it (ollama serve), or set OLLAMA_HOST."
      : "Check the network and the endpoint.";
  return fail("provider_unreachable", { provider, endpoint: withoutLogin(endpoint), reason, hint });
};

/** The address comes from a variable that is empty: nothing is sent. `null`: the address is real. */
export const withoutAddress = ({ endpoint }: Pick<Addressee, "endpoint">): ProviderFault | null => {
  const variable = malformedVariable(endpoint);
  if (variable === null) return null;
  const problem = `${variable} is not an address. Write it as http://HOST:PORT.`;
  return new ProviderFault(fail("usage", { problem }), "provider");
};

/** No answer came, or it was cut off: the connection is at fault. */
export const unreachable = (to: Addressee, reason: string): ProviderFault =>
  new ProviderFault(unreachableError(to, reason), "retry", { outage: true });

/**
 * A server on this machine does not run. A request finds this out at once and costs nothing, so the circuit
 * need not open.
 */
export const notRunning = (to: Addressee, reason: string): ProviderFault =>
  new ProviderFault(unreachableError(to, reason), "retry");

/** It failed so often in a row that it is not asked for a while. The last failure stays visible. */
export const circuitOpen = (
  { provider }: Addressee,
  { waitMs, cause }: OpenCircuit,
  remedy: Remedy,
): ProviderFault => {
  const fault = /[.!?]$/.test(cause.message) ? cause.message : `${cause.message}.`;
  const hint = cause.nextStep ?? "Try again later, or configure a failover provider.";
  const error = fail("provider_paused", { fault, provider, seconds: Math.ceil(waitMs / 1000), hint });
  return new ProviderFault(error, remedy, { waitMs });
};

/** An answer came, but it is incomplete or invalid. */
export const brokenAnswer = ({ provider }: Addressee, reason: string): ProviderFault =>
  new ProviderFault(fail("provider_failed", { provider, status: "with a broken answer", reason }), "retry", {
    outage: true,
  });

/** A call that the service itself could not read. If nothing changes, a model often repeats the mistake. */
export const unreadableCall = ({ provider }: Addressee): ProviderFault =>
  new ProviderFault(
    fail("provider_failed", {
      provider,
      status: "with a broken answer",
      reason: "malformed function call",
    }),
    "retry",
    { word: "Your last tool call could not be read. Call one tool, by its name, with plain JSON arguments." },
  );

/** An empty answer. The model caused it, so it does not mean that the provider has a problem. */
export const emptyAnswer = ({ provider }: Addressee): ProviderFault =>
  new ProviderFault(
    fail("provider_failed", { provider, status: "with a broken answer", reason: "it is empty" }),
    "retry",
  );

/** A failure that a retry would repeat. */
export const unusableAnswer = ({ provider }: Addressee, reason: string): ProviderFault =>
  new ProviderFault(
    fail("provider_failed", { provider, status: "with an unusable answer", reason }),
    "provider",
  );

const awaited: Readonly<Record<Missed, string>> = {
  firstByte: "the beginning of an answer",
  silence: "the next piece of the answer",
  total: "the whole answer",
};

/** A deadline passed. An answer that took too long as a whole would take as long again. */
export const tooSlow = ({ provider }: Addressee, missed: Missed, ms: number): ProviderFault =>
  new ProviderFault(
    fail("timed_out", { what: `${provider}: ${awaited[missed]}`, seconds: Math.round(ms / 100) / 10 }),
    missed === "total" ? "provider" : "retry",
    { outage: true },
  );

/** The address redirects to another one, which must not get the key. */
export const redirected = ({ provider }: Addressee, from: URL, location = ""): ProviderFault => {
  const target = URL.canParse(location, from.href) ? new URL(location, from).host : "nowhere";
  const reason = `it redirects to ${target}; set that as the endpoint if you trust it`;
  return new ProviderFault(fail("provider_refused", { provider, status: "redirect", reason }), "provider");
};

/** Anything an official client throws that the transport did not foresee; `key` is removed from it. */
export const asFault = (thrown: unknown, to: Addressee, key: string | null): ProviderFault => {
  if (thrown instanceof ProviderFault) return thrown;
  if (thrown instanceof CoditectError) return new ProviderFault(thrown, "nothing");
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return brokenAnswer(to, withoutKey(message, key));
};
