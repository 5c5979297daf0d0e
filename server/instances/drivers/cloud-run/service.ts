import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { hostname } from "node:os";
import { promisify } from "node:util";
import { brotliCompress, constants } from "node:zlib";
import { WORKER_LIBRARIES, WORKER_NODE } from "../docker/container.ts";
import type { Machine } from "./machine.ts";
import type { CloudRunSettings } from "./settings.ts";

const MANAGED_LABEL = "managed-by";
const MANAGED = "coditect";
const STATE_LABEL = "coditect-state";
/** Cloud Run ends a request after an hour at most; the connection is then resumed. */
const LONGEST_REQUEST = "3600s";

/** The label by which a state folder of this machine recognises its own services. */
export const stateOf = (stateFolder: string): string =>
  createHash("sha256").update(`${hostname()}\0${stateFolder}`).digest("hex").slice(0, 32);

export const labelsOf = (state: string): Record<string, string> => ({
  [MANAGED_LABEL]: MANAGED,
  [STATE_LABEL]: state,
});

/** Starts the gateway from a variable, because the image may contain the gateway of another version. */
const START =
  'const c=require("zlib").brotliDecompressSync(Buffer.from(process.env.GATEWAY,"base64")).toString();' +
  'delete process.env.GATEWAY;new Function("require","module","exports",c)(require,{exports:{}},{})';

const compress = promisify(brotliCompress);

/** The result is nearly as small as with the best quality, in a fifth of the time. */
const QUALITY = { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } };

/** @param path of the gateway's bundle. Cloud Run accepts variables of up to 32,768 bytes. */
export const packGateway = async (path: string): Promise<string> =>
  (await compress(await readFile(path), QUALITY)).toString("base64");

export interface ServiceChoices {
  settings: CloudRunSettings;
  state: string;
  image: string;
  machine: Machine;
  /** The result of `packGateway`. */
  gateway: string;
}

/** Sends all traffic of the service through a VPC, whose firewall denies what it does not allow. */
const networkOf = ({ network, subnetwork, network_tags }: CloudRunSettings) => ({
  vpcAccess: {
    egress: "ALL_TRAFFIC",
    networkInterfaces: [
      {
        ...(network !== null && { network }),
        ...(subnetwork !== null && { subnetwork }),
        ...(network_tags.length > 0 && { tags: network_tags }),
      },
    ],
  },
});

/**
 * A service whose containers are instances, as plain data (Cloud Run Admin API v2: Service). Each container
 * takes one connection, and only from callers with an ID token.
 */
export const serviceOf = ({ settings, state, image, machine, gateway }: ServiceChoices): object => ({
  labels: labelsOf(state),
  description: "Instances of CODITECT Agents. It is deleted when its runtime has ended.",
  ingress: "INGRESS_TRAFFIC_ALL",
  invokerIamDisabled: false,
  template: {
    labels: labelsOf(state),
    executionEnvironment: "EXECUTION_ENVIRONMENT_GEN2",
    maxInstanceRequestConcurrency: 1,
    // This cookie leads a broken connection back to its container.
    sessionAffinity: true,
    timeout: LONGEST_REQUEST,
    scaling: { minInstanceCount: settings.min_instances, maxInstanceCount: settings.max_instances },
    ...(settings.service_account !== null && { serviceAccount: settings.service_account }),
    ...((settings.network !== null || settings.subnetwork !== null) && networkOf(settings)),
    containers: [
      {
        image,
        command: [WORKER_NODE],
        args: ["-e", START],
        env: [
          { name: "GATEWAY", value: gateway },
          { name: "LD_LIBRARY_PATH", value: WORKER_LIBRARIES },
        ],
        ports: [{ name: "http1", containerPort: 8080 }],
        resources: {
          limits: { cpu: String(machine.cpus), memory: `${machine.memory_mb}Mi` },
          // A worker continues while its connection is broken.
          cpuIdle: false,
          startupCpuBoost: true,
        },
      },
    ],
  },
});
