import { fail } from "../../../../schemas/errors.ts";
import { OLLAMA_PORT, standardEndpoints } from "../../../../schemas/providers.ts";

/** The text without the surrounding whitespace and quotes that copying adds. */
const bare = (given: string): string =>
  given
    .trim()
    .replace(/^(["'`])(.*)\1$/s, "$2")
    .trim();

const withScheme = /^[a-z][a-z0-9+.-]*:\/\//i;
const isNear = (host: string): boolean => /^(localhost|127\.|\[::1\]|0\.0\.0\.0)/i.test(host);

/** The normalized address. Null: the text is not an address. */
const parsed = (text: string): string | null => {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol) || /\s/.test(text)) return null;
  return url.href.replace(/\/+$/, "");
};

/**
 * Parses an address that may lack its scheme. The default is `http` for this machine and for addresses with a
 * port, otherwise `https`. Null: it is not an address.
 */
export const readAddress = (given: string): string | null => {
  const text = bare(given);
  if (withScheme.test(text)) return parsed(text);
  const hasPort = /^[^/]*:\d+(\/|$)/.test(text);
  return parsed(`${isNear(text) || hasPort ? "http" : "https"}://${text}`);
};

/**
 * Parses `OLLAMA_HOST` in every form that Ollama accepts: a host, a port, both or an address, with or without
 * quotes or whitespace around it. Null: it is not an address.
 */
export const readOllamaHost = (given: string): string | null => {
  const text = bare(given);
  if (text === "") return standardEndpoints.Ollama;
  const scheme = /^(https?):\/\//i.exec(text)?.[1]?.toLowerCase();
  if (scheme === undefined && withScheme.test(text)) return null;
  const [whole = "", ...path] = text.replace(withScheme, "").split("/");
  const [, login = "", place = ""] = /^(.*@)?(.*)$/s.exec(whole) ?? [];
  const isBareV6 = !place.startsWith("[") && place.split(":").length > 2;
  const [, host = "", port = ""] = isBareV6
    ? [place, `[${place}]`]
    : (/^(\[[^\]]*\]|[^:]*)(?::(.*))?$/.exec(place) ?? []);
  // Servers can listen on all addresses, but a client needs a specific one.
  const isAnywhere = ["", "0.0.0.0", "[::]", "*"].includes(host);
  const standardPort = scheme === undefined ? OLLAMA_PORT : "";
  const isPort = /^\d{1,5}$/.test(port) && Number(port) <= 65_535;
  const end = isPort ? port : standardPort;
  const address = `${scheme ?? "http"}://${login}${isAnywhere ? "127.0.0.1" : host}${end === "" ? "" : `:${end}`}`;
  return parsed([address, ...path].join("/"));
};

/** The error for a variable whose value is not an address. */
export const malformedAddress = (variable: string): Error =>
  fail("usage", { problem: `${variable} is not an address. Write it as http://HOST:PORT.` });
