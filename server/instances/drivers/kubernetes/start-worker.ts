import { WORKER_NODE } from "../docker/container.ts";
import { carryEgress, RELAY, RELAYED_SOCKET } from "../egress/relay.ts";
import { COPY_FOLDER, HOME_FOLDER } from "../remote/environment.ts";
import { measureIsolation, type IsolationRules } from "../remote/isolation.ts";
import { Overseer, OVERSEER } from "../remote/overseer.ts";
import type { StartTimes } from "../remote/start-times.ts";
import type { RemoteStream } from "../remote/stream.ts";
import type { PodArrival } from "./arrival.ts";
import { GO, WORKER } from "./pod.ts";
import type { KubernetesSettings } from "./settings.ts";

export interface StartingWorker {
  arrival: PodArrival;
  /** Resolves when the worker's program has arrived. */
  sent: Promise<void>;
  rules: IsolationRules<KubernetesSettings["allow_reachable"][number]>;
  times: StartTimes;
  /** The socket of the instance's proxy on this machine; null if it may reach nothing. */
  egress: string | null;
}

/** Attaches to the worker, starts it when its program has arrived, and measures its isolation meanwhile. */
export const startWorker = async ({ arrival, sent, rules, times, egress }: StartingWorker) => {
  const worker = await times.of("worker", arrival.open("attach", WORKER));
  const run = (script: string, ...args: string[]): Promise<RemoteStream> =>
    arrival.open("exec", WORKER, [WORKER_NODE, "-e", script, ...args]);
  const start = async (): Promise<void> => {
    await sent;
    worker.input.write(GO);
  };
  const watch = async () => {
    const overseer = new Overseer(await run(OVERSEER, COPY_FOLDER, HOME_FOLDER));
    return { overseer, reachable: await times.of("measured", measureIsolation(overseer, rules)) };
  };
  const relay = async (proxy: string): Promise<void> => {
    const { output, input } = await run(RELAY, RELAYED_SOCKET);
    await carryEgress({ readable: output, writable: input }, proxy);
  };
  const [watched] = await Promise.all([watch(), start(), egress === null ? null : relay(egress)]);
  return { worker, ...watched };
};
