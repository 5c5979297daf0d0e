const codes: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "EAI_AGAIN",
  // Those of fetch.
  "UND_ERR_CONNECT_TIMEOUT",
  "UND_ERR_SOCKET",
]);

/** Whether a service was not reached: it may be back a little later. */
export const wasNotReached = (error: unknown): boolean =>
  error instanceof Error &&
  (("code" in error && codes.has(String(error.code))) || wasNotReached(error.cause));
