import { errorCatalogue } from "../../../../schemas/error-catalogue.ts";
import { ErrorCode } from "../../../../schemas/errors.ts";
import type { RunFinished } from "../../../../schemas/events.ts";

/** Contract: "Command line", exit codes. */
export const exitCodes = { held: 0, gate: 1, usage: 2, broken: 3, limit: 4, cancelled: 130 } as const;

/** The exit code of a finished run. */
export const exitCodeOf = ({ status, error }: Pick<RunFinished, "status" | "error">): number => {
  switch (status) {
    case "Succeeded":
      return exitCodes.held;
    case "GateFailed":
      return exitCodes.gate;
    case "LimitReached":
      return exitCodes.limit;
    case "Cancelled":
      return exitCodes.cancelled;
    default: {
      const code = ErrorCode.safeParse(error?.code);
      return code.success ? errorCatalogue[code.data].exit : exitCodes.broken;
    }
  }
};
