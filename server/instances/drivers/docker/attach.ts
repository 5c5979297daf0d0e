import type Dockerode from "dockerode";
import type { Duplex } from "node:stream";

/**
 * The standard streams of a container that has not started. This does not use dockerode's own method, which
 * also sends its options as a body. Podman takes that body for the first input of the container.
 */
export const attach = (client: Dockerode, container: Dockerode.Container): Promise<Duplex> =>
  new Promise((attached, reject) => {
    client.modem.dial(
      {
        path: `/containers/${container.id}/attach?`,
        method: "POST",
        file: Buffer.alloc(0),
        hijack: true,
        openStdin: true,
        isStream: true,
        options: { _query: { stream: true, stdin: true, stdout: true, stderr: true } },
        statusCodes: { 101: true, 200: true, 404: "no such container", 500: "server error" },
      },
      (error: unknown, stream?: unknown) => {
        // What the modem returns for a hijacked connection is Node's own socket.
        if (error === null) attached(stream as Duplex);
        else reject(error instanceof Error ? error : new Error("it cannot be attached to"));
      },
    );
  });
