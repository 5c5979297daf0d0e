import type { ContextItem, Exposure } from "../../schemas/execution.ts";

/** An execution's exposure after what it was given: an answer of a service is text of others. */
export const withGiven = (exposure: Exposure, context: readonly ContextItem[]): Exposure =>
  context.some(({ context_type }) => context_type === "ApiResponse")
    ? { ...exposure, read_untrusted: true }
    : exposure;
