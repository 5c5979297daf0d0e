import { startCluster } from "./start.ts";
import type { RealCluster } from "./start.ts";

const START_MS = 300_000;

let starting: Promise<RealCluster> | null = null;

/** The cluster of these tests, set up for instances. Call this in a suite, whose `before` then starts it. */
export const realCluster = (): (() => RealCluster) => {
  let cluster: RealCluster | null = null;
  before(async function () {
    this.timeout(START_MS);
    cluster = await (starting ??= startCluster());
  });
  return () => {
    if (cluster === null) throw new Error("the cluster is not started yet");
    return cluster;
  };
};

after(async () => {
  const cluster = await starting?.catch(() => null);
  await cluster?.node.close();
  await cluster?.plane.close();
});
