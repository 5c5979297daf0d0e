import * as vscode from "vscode";
import { ResponseError, type LanguageClient } from "vscode-languageclient/node";
import { z } from "zod";
import { contract, type Method, type MethodInput, type MethodResult } from "../../schemas/contract.ts";
import { fail, fromWireError, WireError } from "../../schemas/errors.ts";

/**
 * One call of the contract about one workspace folder (URI). The answer is parsed with the schema of its row.
 * Errors: those of the catalogue, and `runtime_unusable` if the connection breaks.
 */
export const request = async <M extends Method>(
  client: LanguageClient,
  method: M,
  params: MethodInput<M>,
  folder: string,
  token?: vscode.CancellationToken,
): Promise<MethodResult<M>> => {
  const scoped = { ...params, workspace: folder };
  // An omitted token must not be passed, because it would be sent as a parameter.
  const sent =
    token === undefined
      ? client.sendRequest<unknown>(`coditect/${method}`, scoped)
      : client.sendRequest<unknown>(`coditect/${method}`, scoped, token);
  const answer = await sent.catch((error: unknown) => {
    throw toCatalogue(error);
  });
  // The table pairs each method with the schema its MethodResult is inferred from.
  return contract[method].result.parse(answer) as MethodResult<M>;
};

const toCatalogue = (error: unknown): Error => {
  if (error instanceof ResponseError) {
    const wire = WireError.safeParse(error.data);
    if (wire.success) return fromWireError(wire.data, vscode.l10n);
  }
  const reason = error instanceof Error ? error.message : z.string().catch("unknown").parse(error);
  return fail("runtime_unusable", { reason }, { cause: error });
};
