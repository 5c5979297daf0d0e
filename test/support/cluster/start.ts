import { join } from "node:path";
import { z } from "zod";
import { Settings } from "../../../schemas/settings.ts";
import { setUpCluster } from "../../../server/instances/drivers/kubernetes/setup.ts";
import { ControlPlane } from "./control-plane.ts";
import { ClusterNode } from "./node.ts";

/** `npm run test:cluster` sets the folder of the programs, and the folder that they may write to. */
const place = z.object({ CODITECT_TEST_KUBERNETES: z.string(), CODITECT_TEST_CLUSTER: z.string() });

export interface RealCluster {
  plane: ControlPlane;
  node: ClusterNode;
}

/** Starts a cluster that is set up for instances. It ends with the processes of this script. */
export const startCluster = async (): Promise<RealCluster> => {
  const { CODITECT_TEST_KUBERNETES: programs, CODITECT_TEST_CLUSTER: folder } = place.parse(process.env);
  const plane = new ControlPlane(programs, join(folder, "plane"));
  await plane.start();
  const admin = plane.as("admin");
  await setUpCluster(admin, Settings.parse({}), AbortSignal.timeout(30_000));
  const node = new ClusterNode(programs, join(folder, "node"), plane.kubeconfig("admin"), admin);
  await node.start();
  return { plane, node };
};
