import type { IncomingMessage, ServerResponse } from "node:http";
import type { Server } from "node:net";
import { CoditectError, fail } from "../../../schemas/errors.ts";
import type { SurfaceOptions } from "../../hosting/surface.ts";
import { sendProblem } from "./messages.ts";

/** Answers a request. If `serve` fails, answers with problem details. A defect is logged with a reference. */
export const answerOrRefuse = async (
  request: IncomingMessage,
  response: ServerResponse,
  log: SurfaceOptions["log"],
  serve: () => Promise<void>,
): Promise<void> => {
  try {
    await serve();
  } catch (error) {
    if (response.destroyed || response.headersSent) return;
    if (error instanceof CoditectError) {
      sendProblem(response, error);
      return;
    }
    const reference = crypto.randomUUID();
    log("error", "A request failed", { reference, error: String(error), path: request.url });
    sendProblem(response, fail("internal", { reference }));
  }
};

/** Listens, and resolves with the port. Port 0 selects a free port. */
export const listen = (server: Server, port: number, host: string): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      const address = server.address();
      if (address === null || typeof address === "string") reject(new Error("not a network address"));
      else resolve(address.port);
    });
  });
