import type { ContextItem, Exposure } from "../../schemas/execution.ts";

/** What an execution has met, with what it was given: an answer of a service is somebody else's words. */
export const withGiven = (exposure: Exposure, context: readonly ContextItem[]): Exposure =>
  context.some(({ context_type }) => context_type === "ApiResponse")
    ? { ...exposure, read_untrusted: true }
    : exposure;
