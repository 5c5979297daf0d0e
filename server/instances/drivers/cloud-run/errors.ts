import { z } from "zod";
import { CoditectError, fail } from "../../../../schemas/errors.ts";
import { wasNotReached } from "../remote/away.ts";

/** The form in which Google's REST APIs report errors. */
const Refusal = z.object({
  error: z.object({ message: z.string().default(""), status: z.string().default("") }),
});

/** A refusal of the Cloud Run Admin API or of a service. */
export class CloudRunError extends Error {
  override readonly name = "CloudRunError";
  /** HTTP status; 0: a long-running operation failed. */
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** The error that an answer means. `body` is the raw body, because a proxy answers with its own page. */
export const refusalOf = (status: number, body: unknown): CloudRunError => {
  const said = Refusal.safeParse(body).data?.error.message ?? "";
  return new CloudRunError(status, said === "" ? `it answered ${status}` : said);
};

export const isMissing = (error: unknown): boolean => error instanceof CloudRunError && error.status === 404;
export const isConflict = (error: unknown): boolean => error instanceof CloudRunError && error.status === 409;

/** Whether the service was unreachable, busy or full, so that it may answer a little later. */
export const isAway = (error: unknown): boolean =>
  error instanceof CloudRunError
    ? error.status === 429 || error.status >= 500
    : (error instanceof Error && error.name === "TimeoutError") || wasNotReached(error);

const hints: Readonly<Record<number, string>> = {
  401: "Log in again: gcloud auth application-default login.",
  403: "Check the roles of the account that you use; docs/cloud-run.md lists them.",
  404: "Check the settings cloud_run.project, cloud_run.region and cloud_run.regions.",
};

/** What an error of Cloud Run, or of the connection to it, means for the user. */
export const cloudRunError = (error: unknown): CoditectError => {
  if (error instanceof CoditectError) return error;
  const reason = (error instanceof Error ? error.message : String(error)).replace(/\.$/, "");
  const hint =
    (error instanceof CloudRunError ? hints[error.status] : undefined) ??
    (isAway(error) ? "Try again later." : "Check the settings cloud_run.* and docs/cloud-run.md.");
  return fail("cloud_run_unavailable", { reason, hint }, { cause: error });
};
