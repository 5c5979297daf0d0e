import { dirname } from "node:path";
import { WORKER_LIBRARIES, WORKER_NODE } from "../docker/container.ts";
import type { WorkerSpec } from "../driver.ts";
import { egressEnvironment } from "../egress/environment.ts";
import { RELAYED_SOCKET } from "../egress/relay.ts";

/** The private copy on a machine where all folders belong to the instance. */
export const COPY = "/instance";
/** The part of the volume that belongs to the worker. The volume itself belongs to root. */
export const COPY_FOLDER = `${COPY}/work`;
export const HOME_FOLDER = "/tmp/home";

/** The variables of a worker on another machine. It gets no variable of this one. */
export const remoteEnvironment = (spec: WorkerSpec): Record<string, string> => ({
  PATH: `/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:${dirname(WORKER_NODE)}`,
  LD_LIBRARY_PATH: WORKER_LIBRARIES,
  HOME: HOME_FOLDER,
  TMPDIR: "/tmp",
  LANG: "C.UTF-8",
  CI: "1",
  NO_COLOR: "1",
  CODITECT_CONFINED: "1",
  ...egressEnvironment(spec.egress_socket === null ? null : RELAYED_SOCKET, spec.egress_on_request),
});
