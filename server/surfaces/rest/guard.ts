import { hash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { fail } from "../../../schemas/errors.ts";

const digest = (text: string): Buffer => hash("sha256", text, "buffer");

/** Whether the header holds the token; takes as long for a nearly right one as for any other. */
const isToken = (header: string | undefined, token: string): boolean =>
  timingSafeEqual(digest(header ?? ""), digest(`Bearer ${token}`));

const localNames = new Set(["127.0.0.1", "localhost", "[::1]"]);

const nameOf = (host: string): string => host.replace(/:\d+$/, "").toLowerCase();

/**
 * Lets a request of a program on this machine in or throws. A web page that got a name of its own to point
 * at this machine (DNS rebinding) still sends that name as Host, and every page sends its Origin: both are
 * refused before anything else is looked at. The server's own origin is no other page's: it serves none, and
 * MCP clients may send it. Error: `not_local`.
 */
export const admitLocal = ({ headers }: IncomingMessage): void => {
  const { host = "", origin } = headers;
  if (!localNames.has(nameOf(host))) throw fail("not_local", { host });
  if (origin !== undefined && origin !== `http://${host}`) throw fail("not_local", { host: origin });
};

/** The same for one that also shows the token. Errors: `not_local`, `unauthenticated`. */
export const admit = (request: IncomingMessage, token: string): void => {
  admitLocal(request);
  if (!isToken(request.headers.authorization, token)) throw fail("unauthenticated", {});
};
