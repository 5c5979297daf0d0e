import type { ContextItem, Exposure } from "../../schemas/execution.ts";

/** An execution's exposure after it got these inputs. An answer of a service is untrusted text. */
export const withGiven = (exposure: Exposure, context: readonly ContextItem[]): Exposure =>
  context.some(({ context_type }) => context_type === "ApiResponse")
    ? { ...exposure, read_untrusted: true }
    : exposure;
