import type Dockerode from "dockerode";
import { INSTANCE_LABEL } from "./container.ts";

/**
 * Removes containers, and then volumes, that have a state folder's label but no name of `own`; returns
 * the number of containers.
 */
export const removeLabelled = async (
  client: Dockerode,
  label: string,
  own: ReadonlySet<string>,
): Promise<number> => {
  const filters = { label: [label] };
  const isLeft = (labels: Readonly<Record<string, string>> | null): boolean =>
    !own.has(labels?.[INSTANCE_LABEL] ?? "");
  const containers = await client.listContainers({ all: true, filters });
  const left = containers.filter(({ Labels }) => isLeft(Labels));
  await Promise.all(left.map(({ Id }) => client.getContainer(Id).remove({ force: true, v: true })));
  // An engine without volumes answers null where an empty list is documented.
  const { Volumes } = (await client.listVolumes({ filters })) as {
    Volumes: Dockerode.VolumeInspectInfo[] | null;
  };
  const free = (Volumes ?? []).filter(({ Labels }) => isLeft(Labels));
  await Promise.all(free.map(({ Name }) => client.getVolume(Name).remove({ force: true })));
  return left.length;
};
