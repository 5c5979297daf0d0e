import { connect, createServer } from "node:net";
import { pipeline } from "node:stream";

/** When a connection breaks, both of its ends are closed, so nobody needs the error. */
const ignore = (): void => undefined;

/**
 * Opens the proxy's port inside a sandbox or container, where only the loopback network exists. Passes what commands
 * send there to the socket of the runtime's proxy, which decides what to allow. Does nothing unless the runtime has
 * passed a socket.
 */
export const forwardEgress = (environment: Readonly<Record<string, string | undefined>>): void => {
  const { CODITECT_EGRESS, CODITECT_EGRESS_PORT } = environment;
  if (CODITECT_EGRESS === undefined || CODITECT_EGRESS_PORT === undefined) return;
  const server = createServer({ allowHalfOpen: true }, (inside) => {
    const outside = connect({ path: CODITECT_EGRESS, allowHalfOpen: true });
    pipeline(inside, outside, ignore);
    pipeline(outside, inside, ignore);
  });
  server.on("error", () => undefined);
  server.listen(Number(CODITECT_EGRESS_PORT), "127.0.0.1").unref();
};
