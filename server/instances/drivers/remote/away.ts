const codes: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "EAI_AGAIN",
  // The codes of fetch.
  "UND_ERR_CONNECT_TIMEOUT",
  "UND_ERR_SOCKET",
]);

/** Whether a service was not reached, so that it may answer a little later. */
export const wasNotReached = (error: unknown): boolean =>
  error instanceof Error &&
  (("code" in error && codes.has(String(error.code))) || wasNotReached(error.cause));
