import { BlockList, isIP } from "node:net";

/** One line of the setting `allowed_hosts`: `registry.npmjs.org:443`, `*.example.com:443`, `127.0.0.1:5432`. */
export interface AllowedHost {
  host: string;
  port: number;
}

/** Addresses that no name may resolve to: this machine, private networks and metadata services of clouds. */
const closedAddresses = (): BlockList => {
  const list = new BlockList();
  const ranges4 = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "168.63.129.16/32",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "224.0.0.0/3",
  ];
  // IPv4-mapped addresses are not listed, because BlockList treats them as the IPv4 addresses in them.
  const ranges6 = ["::/127", "64:ff9b::/96", "2002::/16", "fc00::/7", "fe80::/10", "ff00::/8"];
  for (const [ranges, family] of [[ranges4, "ipv4"] as const, [ranges6, "ipv6"] as const]) {
    for (const range of ranges) {
      const [network = "", prefix = "0"] = range.split("/");
      list.addSubnet(network, Number(prefix), family);
    }
  }
  return list;
};

let closed: BlockList | undefined;

/** Whether an address belongs to this machine, a private network, or a metadata service. */
export const isClosedAddress = (address: string): boolean => {
  // Created when first needed, because every start loads this file.
  closed ??= closedAddresses();
  return closed.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");
};

/** Parses `host:port`, or a host alone, which means port 443; null if the line is neither. */
export const parseAllowedHost = (line: string): AllowedHost | null => {
  const match = /^\s*(\[[0-9a-f:.]+\]|[^\s:/]+)(?::(\d{1,5}))?\s*$/i.exec(line);
  if (match === null) return null;
  const [, host = "", port = "443"] = match;
  return { host: host.replace(/^\[|\]$/g, "").toLowerCase(), port: Number(port) };
};

const covers = (allowed: AllowedHost, host: string, port: number): boolean => {
  if (allowed.port !== port) return false;
  if (allowed.host === host) return true;
  return allowed.host.startsWith("*.") && host.endsWith(allowed.host.slice(1));
};

/** The characters of names and addresses. A resolver may cut a name off at any other character. */
const hostForm = /^[a-z0-9._:-]+$/;

/** Why a command must not connect to this host and port, for the record; null if it may. */
export const refusal = (allowed: readonly AllowedHost[], host: string, port: number): string | null => {
  const name = host.toLowerCase();
  const isAllowed = hostForm.test(name) && allowed.some((entry) => covers(entry, name, port));
  return isAllowed ? null : "it is not on the list of allowed hosts";
};

/**
 * The first of a name's addresses that is public or listed by address. With any other address, the owner of
 * the name could lead connections into our networks.
 */
export const dialable = (
  allowed: readonly AllowedHost[],
  host: string,
  port: number,
  addresses: readonly string[],
): string | null => {
  const isListed = (address: string): boolean =>
    host === "localhost" || allowed.some((entry) => entry.host === address && entry.port === port);
  return addresses.find((address) => !isClosedAddress(address) || isListed(address)) ?? null;
};
