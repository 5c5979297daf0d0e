import type { ServerContext } from "@modelcontextprotocol/server";

/** How to tell the client of a call what happens, one line at a time. A client that did not ask is told nothing. */
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
