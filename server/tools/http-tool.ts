import { fail } from "../../schemas/errors.ts";
import type { Json } from "../../schemas/primitives.ts";
import type { HttpHandler } from "../../schemas/tool-definition.ts";
import type { CheckedFetch, RequestInit, Response } from "./checked-fetch.ts";
import { resolveSecrets, type SecretPlaces } from "./secrets.ts";
import type { ToolAnswer } from "./tools-api.ts";

/** Largest answer of a service that is read, in bytes. */
const MOST_BYTES = 8 * 1024 ** 2;

type Fields = Readonly<Record<string, Json>>;
const asText = (value: Json): string => (typeof value === "string" ? value : JSON.stringify(value));

/** Puts fields of the input into `{name}` of the URL; returns it with the fields that are left. */
const fillUrl = (template: string, input: Fields): { url: URL; rest: Fields } => {
  const used = new Set<string>();
  const filled = template.replace(/\{(\w+)\}/g, (_, name: string) => {
    used.add(name);
    return encodeURIComponent(asText(input[name] ?? ""));
  });
  const rest = Object.fromEntries(Object.entries(input).filter(([name]) => !used.has(name)));
  const url = new URL(filled);
  // A value must not lead to another host than the one the user consented to.
  if (url.host !== new URL(template.replace(/\{\w+\}/g, "x")).host)
    throw fail("invalid_params", {
      what: "The URL of the tool",
      problems: "the host must not depend on the input",
    });
  return { url, rest };
};

/** Replaces placeholders in a body by fields of the input. A field cannot change other values of the body. */
const fillBody = (template: Json, input: Fields): Json => {
  if (typeof template === "string") {
    const whole = /^\{(\w+)\}$/.exec(template)?.[1];
    if (whole !== undefined) return input[whole] ?? null;
    return template.replace(/\{(\w+)\}/g, (_, name: string) => asText(input[name] ?? ""));
  }
  if (Array.isArray(template)) return template.map((item) => fillBody(item, input));
  if (typeof template !== "object" || template === null) return template;
  return Object.fromEntries(Object.entries(template).map(([name, item]) => [name, fillBody(item, input)]));
};

/**
 * Calls an HTTP service: fields that the URL does not name become its query (GET, HEAD, DELETE) or a
 * JSON body, unless the tool has a template for it. The answer is its text; a status of 400 and above is an error that the agent reads.
 * Documents: "Tool Integration", `ToolHandler::Http`. Errors: `host_refused`, `secret_missing`,
 * `credentials_closed`.
 */
export const callHttp = async (
  http: HttpHandler,
  input: Fields,
  checked: CheckedFetch,
  places: SecretPlaces,
  signal: AbortSignal,
): Promise<ToolAnswer> => {
  const { url, rest } = fillUrl(http.url, input);
  const headers = await resolveSecrets(http.headers, places);
  const inQuery = ["GET", "HEAD", "DELETE"].includes(http.method);
  if (inQuery) for (const [name, value] of Object.entries(rest)) url.searchParams.set(name, asText(value));
  const init: RequestInit = inQuery
    ? { method: http.method, headers, signal }
    : {
        method: http.method,
        headers: { "content-type": "application/json", ...headers },
        body: JSON.stringify(http.body === undefined ? rest : fillBody(http.body, input)),
        signal,
      };
  const response = await checked.fetch(url, init);
  const text = await readText(response);
  if (response.status < 400) return { content: text, is_error: false };
  return { content: `The service answered ${response.status}.\n${text}`, is_error: true };
};

/** The text of an answer, cut where it is larger than 8 MB. */
export const readText = async (response: Response): Promise<string> => {
  if (response.body === null) return "";
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body) {
    // A body of fetch consists of bytes.
    const bytes = chunk as Uint8Array;
    size += bytes.byteLength;
    if (size > MOST_BYTES)
      return `${Buffer.concat(chunks).toString("utf8")}\n[cut: the answer is larger than 8 MB]`;
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString("utf8");
};
