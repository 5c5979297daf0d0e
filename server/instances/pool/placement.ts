import { type RuntimeType, type RuntimeChoice, runtimesOf } from "../../../schemas/agent.ts";
import { fail } from "../../../schemas/errors.ts";
import type { InstanceKind } from "../instance/instance.ts";
import type { ClaimRequest } from "../pool.ts";
import type { PoolSettings } from "../settings.ts";

/** Runtimes whose instances use memory and processors of this machine. */
const onThisMachine: ReadonlySet<RuntimeType> = new Set(["Local", "Docker"]);

export const isHere = ({ runtime }: InstanceKind): boolean => onThisMachine.has(runtime);

const kindOn = (runtime: RuntimeType, request: ClaimRequest): InstanceKind => ({
  agent_id: request.agent.agent_id,
  agent_type: request.agent.agent_type,
  workspace: request.workspace,
  runtime,
  image: runtime === "Local" ? null : request.image,
  asks: request.toConnect !== undefined,
  memory_mb: request.agent.settings.memory_mb,
});

/**
 * The kinds of instances that may serve a claim, the preferred one first. There are none if the workspace must
 * stay on this machine and the claim allows only other runtimes.
 */
export const placesFor = (request: ClaimRequest, { local_only }: PoolSettings): InstanceKind[] => {
  const wanted = runtimesOf(request.runtime);
  // A container engine may be on another machine.
  const allowed = local_only ? wanted.filter((runtime) => runtime === "Local") : wanted;
  return allowed.map((runtime) => kindOn(runtime, request));
};

/** The error for a claim that no runtime may serve. */
export const notAllowed = (runtime: RuntimeChoice): Error =>
  fail("runtime_not_allowed", { runtime: runtimesOf(runtime).join(", ") });

/** The memory in MB that the instances on this machine ask for. Instances that ask for none do not count. */
const promised = (kinds: readonly InstanceKind[]): number =>
  kinds.filter(isHere).reduce((sum, { memory_mb }) => sum + (memory_mb ?? 0), 0);

/** Whether this machine has the memory that an instance of this kind asks for, in addition to `kinds`. */
export const hasMemoryFor = (
  kind: InstanceKind,
  others: readonly InstanceKind[],
  machineMb: number,
): boolean => !isHere(kind) || kind.memory_mb === null || promised(others) + kind.memory_mb <= machineMb;
