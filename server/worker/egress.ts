import { connect, createServer } from "node:net";
import { pipeline } from "node:stream";

/** When a connection breaks, both of its ends are ended. */
const ignore = (): void => undefined;

/**
 * Inside a sandbox or container, there is only the loopback network. What commands send to our port
 * there is passed byte for byte to the socket of the runtime's proxy, which decides.
 * Nothing listens unless the runtime passed a socket in.
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
