import { lookup } from "node:dns";
import { isIP } from "node:net";
import { Agent, fetch, type RequestInit, type Response } from "undici";
import { fail } from "../../schemas/errors.ts";
import { isClosedAddress, parseAllowedHost } from "../instances/drivers/egress/policy.ts";

export type { RequestInit, Response } from "undici";
/** `fetch` that reaches public addresses, and private ones only where the user listed them. */
export interface CheckedFetch {
  fetch: (url: string | URL, init?: RequestInit) => Promise<Response>;
  close(): Promise<void>;
}

const MOST_REDIRECTS = 3;
const CONNECT_MILLISECONDS = 15_000;
const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

const portOf = ({ port, protocol }: URL): number =>
  port === "" ? (protocol === "https:" ? 443 : 80) : Number(port);

/**
 * Each name is resolved once, and the address that was checked is the one that is dialled, so that a
 * name cannot lead to this machine, its networks or a metadata service. Redirects are checked again
 * and keep no header of the caller when they leave the origin. `allowed`: lines of `allowed_hosts`.
 * Errors: `host_refused`.
 */
export const createCheckedFetch = (allowed: () => readonly string[]): CheckedFetch => {
  const check = (host: string, port: number, addresses: readonly string[]): string => {
    const isListed = (name: string): boolean =>
      allowed()
        .map(parseAllowedHost)
        .some((entry) => entry?.host === name && entry.port === port);
    const address = addresses.find(
      (candidate) =>
        !isClosedAddress(candidate) || isListed(candidate) || (host === "localhost" && isListed(host)),
    );
    if (address === undefined) throw fail("host_refused", { host, port });
    return address;
  };
  const dispatcherFor = (port: number): Agent =>
    new Agent({
      connect: {
        timeout: CONNECT_MILLISECONDS,
        lookup: (host, options, done) => {
          lookup(host, { all: true, order: "ipv4first" }, (error, found) => {
            if (error !== null) {
              done(error, []);
              return;
            }
            try {
              const address = check(
                host,
                port,
                found.map((entry) => entry.address),
              );
              const family = isIP(address);
              if (options.all === true) done(null, [{ address, family }]);
              else done(null, address, family);
            } catch (refused) {
              done(refused instanceof Error ? refused : new Error(String(refused)), []);
            }
          });
        },
      },
    });
  const dispatchers = new Map<number, Agent>();
  const dispatcher = (port: number): Agent => {
    const known = dispatchers.get(port) ?? dispatcherFor(port);
    dispatchers.set(port, known);
    return known;
  };

  const request = async (address: string | URL, init: RequestInit, hops: number): Promise<Response> => {
    const url = new URL(address);
    const host = url.hostname.replace(/^\[|\]$/g, "");
    // An address needs no lookup, so it is checked here.
    if (isIP(host) !== 0) check(host, portOf(url), [host]);
    const response = await fetch(url, { ...init, redirect: "manual", dispatcher: dispatcher(portOf(url)) });
    const location = response.headers.get("location");
    if (!redirects.has(response.status) || location === null) return response;
    if (hops === 0) throw fail("host_refused", { host, port: portOf(url) });
    await response.body?.cancel();
    const next = new URL(location, url);
    const { headers: _, ...bare } = init;
    const keepsBody = response.status === 307 || response.status === 308;
    const method = keepsBody ? init.method : "GET";
    const moved: RequestInit = {
      ...(next.origin === url.origin ? init : bare),
      ...(method !== undefined && { method }),
      body: keepsBody ? (init.body ?? null) : null,
    };
    return request(next, moved, hops - 1);
  };

  return {
    fetch: (url, init = {}) => request(url, init, MOST_REDIRECTS),
    close: async () => {
      await Promise.all([...dispatchers.values()].map((agent) => agent.destroy()));
    },
  };
};
