import type { z } from "zod";

/** What is wrong with a value, in words: `findings.0.path: Invalid input: expected string`. */
export const problemsOf = (error: z.ZodError): string =>
  error.issues
    .slice(0, 8)
    .map(({ path, message }) => (path.length === 0 ? message : `${path.join(".")}: ${message}`))
    .join("; ");
