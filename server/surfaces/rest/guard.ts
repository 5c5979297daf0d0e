import { hash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { fail } from "../../../schemas/errors.ts";

const digest = (text: string): Buffer => hash("sha256", text, "buffer");

/** Whether the header contains the token. Takes the same time for every token. */
const isToken = (header: string | undefined, token: string): boolean =>
  timingSafeEqual(digest(header ?? ""), digest(`Bearer ${token}`));

const localNames = new Set(["127.0.0.1", "localhost", "[::1]"]);

const nameOf = (host: string): string => host.replace(/:\d+$/, "").toLowerCase();

/**
 * Accepts a request from a program on this machine, or throws. If a web page makes its own name point at this
 * machine (DNS rebinding), it still sends this name as Host, and every page sends its Origin. Both are
 * refused first. The server's own origin is allowed, because the server has no pages, and MCP clients may
 * send it. Error: `not_local`.
 */
export const admitLocal = ({ headers }: IncomingMessage): void => {
  const { host = "", origin } = headers;
  if (!localNames.has(nameOf(host))) throw fail("not_local", { host });
  if (origin !== undefined && origin !== `http://${host}`) throw fail("not_local", { host: origin });
};

/** The same, but the request must also contain the token. Errors: `not_local`, `unauthenticated`. */
export const admit = (request: IncomingMessage, token: string): void => {
  admitLocal(request);
  if (!isToken(request.headers.authorization, token)) throw fail("unauthenticated", {});
};
