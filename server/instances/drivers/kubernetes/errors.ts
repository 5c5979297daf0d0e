import { z } from "zod";
import { CoditectError, fail } from "../../../../schemas/errors.ts";
import { wasNotReached } from "../remote/away.ts";

/** What an API server returns instead of the requested object. */
const Status = z.object({
  message: z.string().default(""),
  reason: z.string().default(""),
  code: z.int().default(0),
});

/** A refusal from the API server. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly status: number;
  readonly reason: string;
  constructor(status: number, reason: string, message: string) {
    super(message);
    this.status = status;
    this.reason = reason;
  }
}

/** A refusal is a `Status` object. A proxy in between answers in its own form. */
export const apiError = (statusCode: number, body: string): ApiError => {
  let said: unknown = null;
  try {
    said = JSON.parse(body);
  } catch {
    // A proxy in between answers with its own page.
  }
  const { message, reason } = Status.catch({ message: "", reason: "", code: statusCode }).parse(said);
  return new ApiError(statusCode, reason, message === "" ? `the API server answered ${statusCode}` : message);
};

/** Whether the API server says that the requested object does not exist. */
export const isMissing = (error: unknown): boolean => error instanceof ApiError && error.status === 404;

/** Whether somebody else changed the object first, or created one with the same name. */
export const isConflict = (error: unknown): boolean => error instanceof ApiError && error.status === 409;

/** Whether the API server was unreachable or overloaded, so that it may answer a little later. */
export const isAway = (error: unknown): boolean =>
  error instanceof ApiError ? error.status === 429 || error.status >= 500 : wasNotReached(error);

/** Whether the API server denies access, permanently or until it has read its roles. */
export const isForbidden = (error: unknown): boolean => error instanceof ApiError && error.status === 403;

const hints: Readonly<Record<number, string>> = {
  401: "Log in to the cluster again; kubectl uses the same configuration.",
  403: "Run coditect cluster check to see which rights are missing.",
  404: "Run coditect cluster setup to create the namespace.",
};

/** Hints for refused pods when the cause is not a missing right, by Kubernetes' message. */
const refusals: readonly [says: RegExp, hint: string][] = [
  [
    /exceeded quota/,
    "Wait until other pods of the namespace end, lower pool.max_instances, or have the quota raised.",
  ],
  [
    /(?:maximum|minimum) \S+ usage per/,
    "Change pool.memory_mb or pool.cpus, or the limit range of the namespace.",
  ],
  [
    /violates PodSecurity/,
    "Remove from kubernetes.patch what the policy names, or allow it in the labels of the namespace.",
  ],
  [/admission webhook/, "A policy of the cluster refuses the pod. Ask who administers the cluster."],
];

const hintOf = ({ status, message }: ApiError): string | undefined =>
  refusals.find(([says]) => says.test(message))?.[1] ?? hints[status];

/** What an error of the API server, or of the connection to it, means for the user. */
export const clusterError = (error: unknown): CoditectError => {
  if (error instanceof CoditectError) return error;
  const said = error instanceof Error ? error.message : String(error);
  const hint =
    (error instanceof ApiError ? hintOf(error) : undefined) ??
    (isAway(error)
      ? "Check that the cluster is reachable."
      : "Check the current context of your kubeconfig.");
  return fail("cluster_unavailable", { reason: said, hint }, { cause: error });
};
