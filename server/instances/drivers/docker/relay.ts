import type Dockerode from "dockerode";
import { carryEgress, RELAY, RELAYED_SOCKET } from "../egress/relay.ts";
import { WORKER_LIBRARIES, WORKER_NODE } from "./container.ts";
import { Demultiplexer } from "./demultiplexer.ts";

/**
 * Carries what commands send to {@link RELAYED_SOCKET} to the socket of the runtime's proxy, over the
 * connection to the engine. Resolves when the relay listens. The relay ends with its container. Errors: the
 * engine's own.
 */
export const relayEgress = async (container: Dockerode.Container, proxy: string): Promise<void> => {
  const exec = await container.exec({
    Cmd: [WORKER_NODE, "-e", RELAY, RELAYED_SOCKET],
    Env: [`LD_LIBRARY_PATH=${WORKER_LIBRARIES}`],
    AttachStdin: true,
    AttachStdout: true,
  });
  const stream = await exec.start({ hijack: true, stdin: true });
  const apart = new Demultiplexer();
  stream.on("error", () => apart.destroy()).once("close", () => apart.destroy());
  stream.pipe(apart);
  // The engine's stream is a socket, so both of its halves are Node's own.
  await carryEgress({ readable: apart, writable: stream }, proxy);
};
