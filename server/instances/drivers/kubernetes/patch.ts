import { fail } from "../../../../schemas/errors.ts";
import type { Json } from "../../../../schemas/primitives.ts";

/** The field that identifies the entries of a list. Kubernetes: "strategic merge patch". */
const listKeys: Readonly<Record<string, string>> = {
  containers: "name",
  initContainers: "name",
  volumes: "name",
  env: "name",
  volumeMounts: "mountPath",
  imagePullSecrets: "name",
  topologySpreadConstraints: "topologyKey",
};

/** The label by which network policies and quotas select the pods of all runtimes. */
export const MANAGED_LABEL = "app.kubernetes.io/managed-by";

type JsonObject = Record<string, Json>;
const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isNamed = (key: string, list: readonly Json[]): list is JsonObject[] =>
  list.every((entry) => isObject(entry) && typeof entry[key] === "string");

/**
 * Merges in the order of an API server. Entries of the patch and entries that only the base has keep their
 * own order. Where both continue, the entry that is earlier in the base comes first. New entries come first.
 */
const mergeLists = (key: string, base: readonly JsonObject[], patch: readonly JsonObject[]): JsonObject[] => {
  const place = (entry: JsonObject): number => base.findIndex((one) => one[key] === entry[key]);
  const changed = patch.map((change) => {
    const entry = base[place(change)];
    return { at: place(change), entry: entry === undefined ? change : mergeObjects(entry, change) };
  });
  const others = base.flatMap((entry, at) =>
    patch.some((change) => change[key] === entry[key]) ? [] : [{ at, entry }],
  );
  const merged: JsonObject[] = [];
  let [first, second] = [changed.shift(), others.shift()];
  while (first !== undefined || second !== undefined) {
    if (second === undefined || (first !== undefined && first.at < second.at)) {
      if (first !== undefined) merged.push(first.entry);
      first = changed.shift();
    } else {
      merged.push(second.entry);
      second = others.shift();
    }
  }
  return merged;
};

const mergeValues = (field: string, base: Json | undefined, patch: Json): Json => {
  if (isObject(patch)) return mergeObjects(isObject(base) ? base : {}, patch);
  const key = listKeys[field];
  if (key === undefined || !Array.isArray(patch) || !Array.isArray(base)) return patch;
  return isNamed(key, base) && isNamed(key, patch) ? mergeLists(key, base, patch) : patch;
};

/** `null` removes a field. Lists whose entries have a name are merged by name; other lists are replaced. */
const mergeObjects = (base: JsonObject, patch: JsonObject): JsonObject => {
  const changed = Object.entries(patch).map(([field, value]): [string, Json] => [
    field,
    value === null ? null : mergeValues(field, base[field], value),
  ]);
  const merged = { ...base, ...Object.fromEntries(changed) };
  return Object.fromEntries(Object.entries(merged).filter(([field]) => patch[field] !== null));
};

/** Places where two values differ: `spec.containers.worker.securityContext.privileged`. */
const differences = (
  base: Json | undefined,
  now: Json | undefined,
  path: string,
  field: string,
): string[] => {
  if (JSON.stringify(base) === JSON.stringify(now)) return [];
  const at = (name: string): string => (path === "" ? name : `${path}.${name}`);
  if (isObject(base) || isObject(now)) {
    const [before, after] = [isObject(base) ? base : {}, isObject(now) ? now : {}];
    const names = new Set([...Object.keys(before), ...Object.keys(after)]);
    return [...names].flatMap((name) => differences(before[name], after[name], at(name), name));
  }
  const key = listKeys[field];
  const [before, after] = [Array.isArray(base) ? base : [], Array.isArray(now) ? now : []];
  if (key === undefined || !isNamed(key, before) || !isNamed(key, after)) return [path];
  const ids = new Set([...before, ...after].map((entry) => JSON.stringify(entry[key])));
  return [...ids].flatMap((id) =>
    differences(
      before.find((entry) => JSON.stringify(entry[key]) === id),
      after.find((entry) => JSON.stringify(entry[key]) === id),
      at(id.slice(1, -1)),
      "",
    ),
  );
};

/** What a patch may change: where a pod runs and what it gets, but never what it may do. */
const free = [
  /^metadata\.(labels|annotations)\.(?!coditect\.dev\/|app\.kubernetes\.io\/managed-by)/,
  /^spec\.(affinity|nodeSelector|tolerations|topologySpreadConstraints|priorityClassName|preemptionPolicy|schedulerName|schedulingGates|runtimeClassName|overhead|imagePullSecrets|terminationGracePeriodSeconds|dnsPolicy|dnsConfig)(\.|$)/,
  /^spec\.containers\.(worker|files)\.(resources\.|image$|imagePullPolicy$)/,
];

const isWithinPath = (path: string, allowed: string): boolean =>
  path === allowed || path.startsWith(`${allowed}.`);

/**
 * The pod with the user's patch. Errors: `pod_patch_refused` if the patch changes a field that confines an
 * instance and whose path is not in `allowed`.
 */
export const patchPod = (pod: Json, patch: Json, allowed: readonly string[]): Json => {
  if (!isObject(pod) || !isObject(patch)) return pod;
  const patched = mergeObjects(pod, patch);
  const refused = differences(pod, patched, "", "").filter(
    (path) => !free.some((rule) => rule.test(path)) && !allowed.some((one) => isWithinPath(path, one)),
  );
  if (refused.length > 0) throw fail("pod_patch_refused", { paths: refused.join(", ") });
  return patched;
};

/** Fields that the API server, its admission controllers and the scheduler add to every pod or write differently. */
const added = [
  /^spec\.(nodeName|serviceAccountName|serviceAccount|priority|securityContext\.supplementalGroupsPolicy)$/,
  /^spec\.containers\.(worker|files)\.(terminationMessagePath|terminationMessagePolicy)$/,
  /^spec\.volumes\.[^.]+\.emptyDir\.sizeLimit$/,
];
/** Fields that the controller of a warm pool sets. The lifetime of the claim limits that of its pod. */
const claimed = [/^spec\.(activeDeadlineSeconds|hostname|subdomain)$/];

/** The API server omits these fields if they are `false`; it keeps all others. */
const leftOut: ReadonlySet<string> = new Set(["hostNetwork", "hostPID", "hostIPC"]);

const specOf = (pod: Json): Json => {
  const spec = isObject(pod) ? pod.spec : undefined;
  if (!isObject(spec)) return null;
  const kept = Object.entries(spec).filter(([field, value]) => value !== false || !leftOut.has(field));
  return Object.fromEntries(kept);
};

const managedBy = (pod: Json): Json | undefined => {
  const metadata = isObject(pod) ? pod.metadata : undefined;
  const labels = isObject(metadata) ? metadata.labels : undefined;
  return isObject(labels) ? labels[MANAGED_LABEL] : undefined;
};

/**
 * Compares a pod that somebody else created with the wanted one. Returns the paths of the differing fields
 * that confine an instance or contain its files, except those in `allowed`.
 */
export const unlike = (wanted: Json, found: Json, allowed: readonly string[]): string[] => {
  const rules = [...free, ...added, ...claimed];
  const label = managedBy(wanted) === managedBy(found) ? [] : [`metadata.labels.${MANAGED_LABEL}`];
  const places = differences(specOf(wanted), specOf(found), "spec", "");
  return [...label, ...places].filter(
    (path) => !rules.some((rule) => rule.test(path)) && !allowed.some((one) => isWithinPath(path, one)),
  );
};
