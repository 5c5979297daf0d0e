import { brokenAnswer, type Addressee, type ProviderFault } from "../faults.ts";
import { faultOfRefusal, isTooLong, readErrorBody } from "../statuses.ts";

/** An error that Claude reports in the middle of a stream has a type instead of a status. */
const statusOfType: Readonly<Record<string, number>> = {
  overloaded_error: 529,
  rate_limit_error: 429,
  api_error: 500,
  timeout_error: 504,
  authentication_error: 401,
  permission_error: 403,
  billing_error: 402,
  not_found_error: 404,
  request_too_large: 413,
  invalid_request_error: 400,
};

const fieldOf = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;

/** The status of an error that is not an answer of its own; null: none. */
const statusOf = (error: unknown): number | null => {
  const said = [fieldOf(error, "code"), fieldOf(error, "status"), fieldOf(error, "status_code")].map(Number);
  const number = said.find((each) => Number.isInteger(each) && each >= 400 && each < 600);
  return number ?? statusOfType[String(fieldOf(error, "type"))] ?? null;
};

/** The meaning of an error that a service reports as an event of an answer. */
export const faultOfEvent = (event: object, to: Addressee): ProviderFault => {
  const body = JSON.stringify(event);
  const { message, type } = readErrorBody(body);
  const reason = message || type || "it reports an error";
  const status = isTooLong(message) ? 400 : statusOf(fieldOf(event, "error") ?? event);
  if (status === null) return brokenAnswer(to, reason);
  const fault = faultOfRefusal({ status, headers: {}, body }, to, 0);
  // It accepted the request before: it refuses its own answer, and the next one may be valid.
  return fault.remedy === "nothing" ? brokenAnswer(to, reason) : fault;
};
