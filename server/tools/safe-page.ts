import { isLoopback } from "../../schemas/loopback.ts";

/**
 * An address that a server wants to be opened in the user's browser, as it is opened: on the web, and with a
 * host that cannot look like another one. Null: it is not opened, since other addresses start programs.
 */
export const safePage = (address: string): string | null => {
  const url = URL.parse(address);
  if (url?.username !== "" || url.password !== "") return null;
  const isSafe = url.protocol === "https:" || (url.protocol === "http:" && isLoopback(url.hostname));
  return isSafe ? url.href : null;
};
