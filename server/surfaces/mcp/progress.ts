import type { ServerContext } from "@modelcontextprotocol/server";

/**
 * Sends the progress of a call to its client, one line at a time. Sends nothing if the client did not request
 * progress.
 */
export const progressOf = ({
  _meta,
  notify,
}: ServerContext["mcpReq"]): ((message: string) => Promise<void>) => {
  const progressToken = _meta?.progressToken;
  let progress = 0;
  return async (message) => {
    if (progressToken === undefined) return;
    progress += 1;
    await notify({ method: "notifications/progress", params: { progressToken, progress, message } });
  };
};
