import { fail } from "../../schemas/errors.ts";
import { ProviderFault, modelMissing, rejectedKey, type Addressee } from "./faults.ts";

/** An HTTP answer that is not a success; the body is cut to what an error needs. */
export interface Refusal {
  status: number;
  /** Lower-case names. */
  headers: Readonly<Record<string, string | string[] | undefined>>;
  body: string;
}

interface ErrorBody {
  message: string;
  /** The provider's own name for it: `overloaded_error`, `RESOURCE_EXHAUSTED`, `insufficient_quota`. */
  type: string;
  retryDelay: string | null;
  /** The exceeded quota according to Gemini, such as `GenerateRequestsPerDayPerProjectPerModel`. */
  quotaId: string;
}

const record = (value: unknown): Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
const text = (value: unknown): string => (typeof value === "string" ? value : "");

/** Reads the error bodies of all four providers; anything else is plain text. */
export const readErrorBody = (body: string): ErrorBody => {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    const plain = body.includes("<html") ? "" : body.replace(/\s+/g, " ").trim().slice(0, 300);
    return { message: plain, type: "", retryDelay: null, quotaId: "" };
  }
  const outer = record(Array.isArray(parsed) ? parsed[0] : parsed);
  const inner = record(outer.error);
  const details = Array.isArray(inner.details) ? inner.details.map(record) : [];
  const violations = details.flatMap(({ violations }): unknown[] =>
    Array.isArray(violations) ? violations : [],
  );
  const reasons = details.map(({ reason }) => text(reason)).join(" ");
  return {
    message: text(inner.message) || text(outer.error) || text(outer.message),
    type: [text(inner.type), text(inner.status), text(inner.code), reasons].filter(Boolean).join(" "),
    retryDelay: details.map(({ retryDelay }) => text(retryDelay)).find((delay) => delay !== "") ?? null,
    quotaId: violations.map((violation) => text(record(violation).quotaId)).join(" "),
  };
};

/**
 * How long the provider asks to wait: `retry-after-ms`, `Retry-After` in seconds or as a date, or
 * Gemini's RetryInfo (`"3.2s"`). `null`: it does not say.
 */
export const retryDelay = (
  headers: Refusal["headers"],
  retryInfo: string | null,
  now: number,
): number | null => {
  const header = (name: string): string => {
    const value = headers[name];
    return (Array.isArray(value) ? value[0] : value)?.trim() ?? "";
  };
  const milliseconds = header("retry-after-ms");
  if (/^\d+(\.\d+)?$/.test(milliseconds)) return Number(milliseconds);
  const after = header("retry-after");
  if (/^\d+(\.\d+)?$/.test(after)) return Number(after) * 1000;
  const date = Date.parse(after);
  if (after !== "" && !Number.isNaN(date)) return Math.max(0, date - now);
  const seconds = /^(\d+(?:\.\d+)?)s$/.exec(retryInfo ?? "")?.[1];
  return seconds === undefined ? null : Number(seconds) * 1000;
};

const quotaWords =
  /insufficient_quota|credit balance|billing|exceeded your (current|monthly)|depleted|PerDay/i;
const keyWords = /API_KEY_INVALID|API key not valid|invalid x-api-key/i;
const lengthWords = new RegExp(
  [
    // Claude, Bedrock, llama.cpp, and OpenAI for a single message.
    "(prompt|input|string) is too (long|large)|prompt too long|messages\\[\\d+\\].{0,40}: string too long|exceed context limit",
    // vLLM, LM Studio, Mistral, OpenAI, llama.cpp.
    "context[ _]length|context window|context[ _]size|maximum model length|max_tokens must be at least 1, got -",
    // TGI, Groq, Copilot, GitHub's models.
    "`?inputs`? (tokens|must have)|reduce (the length|your message size)|(request|body) too large",
    // Gemini, Cohere, SGLang, Copilot.
    "too many (input )?tokens|exceeds the maximum (number of tokens|allowed length)|(input )?token count (of \\d+ )?exceeds",
    // xAI, Kimi, GLM, Qwen.
    "input token count|maximum prompt length|exceeded model token limit|exceeds max(imum)? length|range of input length",
  ].join("|"),
  "i",
);

/** Whether a service means with these words that a conversation does not fit its window. */
export const isTooLong = (text: string): boolean => lengthWords.test(text);

/** Tokens of the prompt and the window, if the text names these two and no other large number. */
const sizesIn = (text: string): { tokens: number | string; window: number | string } => {
  const numbers = [...text.matchAll(/\d{4,}/g)].map(([digits]) => Number(digits));
  if (numbers.length !== 2) return { tokens: "too many", window: "less" };
  return { tokens: Math.max(...numbers), window: Math.min(...numbers) };
};

/** Whether a 404 is about the model; otherwise there is nothing at the address, as with a wrong endpoint. */
const isOfModel = (text: string, model: string): boolean =>
  /model|not_found_error/i.test(text) || text.includes(model);

/** The meaning of a refusal, and what may fix it. */
export const faultOfRefusal = (refusal: Refusal, to: Addressee, now: number): ProviderFault => {
  const { provider, model } = to;
  const { status } = refusal;
  const body = readErrorBody(refusal.body);
  const reason = body.message || body.type || "no reason given";
  const all = `${body.type} ${body.message} ${body.quotaId}`;
  const waitMs = retryDelay(refusal.headers, body.retryDelay, now);

  if (status === 401 || (status === 400 && keyWords.test(all))) return rejectedKey(to);
  // Gemini calls every 429 a quota; only the daily quota does not return within a minute.
  const spent = provider === "Gemini" ? /PerDay/i.test(body.quotaId) : quotaWords.test(all);
  if (status === 402 || ((status === 429 || status === 400 || status === 403) && spent))
    return new ProviderFault(fail("provider_quota", { provider, reason }), "key");
  if (status === 403) return new ProviderFault(fail("provider_refused", { provider, status, reason }), "key");
  if (status === 404 && isOfModel(all, model)) return modelMissing(to);
  if (status === 404) {
    const nothing = "there is nothing at this address; check the endpoint";
    return new ProviderFault(fail("provider_refused", { provider, status, reason: nothing }), "provider");
  }
  // A proxy uses only the status; llama.cpp has reported it as an internal error.
  const isTooLarge = status === 413 && (body.message === "" || isTooLong(all));
  if (isTooLarge || ([400, 422, 500].includes(status) && isTooLong(all))) {
    return new ProviderFault(fail("context_too_long", { model, ...sizesIn(all) }), "provider");
  }
  if (status === 408 || status === 409 || status === 429 || status >= 500)
    return new ProviderFault(fail("provider_failed", { provider, status, reason }), "retry", {
      waitMs,
      outage: status !== 429 && status !== 409,
    });
  return new ProviderFault(fail("provider_refused", { provider, status, reason }), "nothing");
};
