import { ErrorCodes, ResponseError } from "vscode-jsonrpc/node";
import { errorCatalogue } from "../../schemas/error-catalogue.ts";
import { CoditectError, fail, fromWireError, toWireError, WireError } from "../../schemas/errors.ts";

/** An error as it is sent. What is not of the catalogue becomes what `unforeseen` makes of it. */
export const toResponseError = (
  error: unknown,
  unforeseen: (error: unknown) => CoditectError,
): ResponseError<WireError> => {
  const known = error instanceof CoditectError ? error : unforeseen(error);
  return new ResponseError(errorCatalogue[known.code].rpc, known.message, toWireError(known));
};

/** An error that a call ended with. `unforeseen` turns anything but an error of the other end into one. */
export const fromResponseError = (
  error: unknown,
  method: string,
  unforeseen: (reason: string) => CoditectError,
): CoditectError => {
  if (error instanceof CoditectError) return error;
  if (error instanceof ResponseError) {
    const wire = WireError.safeParse(error.data);
    if (wire.success) return fromWireError(wire.data);
    if (error.code === ErrorCodes.MethodNotFound) return fail("unknown_method", { method });
    if (error.code === ErrorCodes.MessageWriteError) return unforeseen("the connection is closed");
  }
  return unforeseen(error instanceof Error ? error.message : String(error));
};
