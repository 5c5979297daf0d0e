import { randomUUID } from "node:crypto";
import { z } from "zod";
import { contract, type Method, type MethodInput, type MethodResult, Role } from "../../schemas/contract.ts";
import { CoditectError, fail } from "../../schemas/errors.ts";
import { describeProblems } from "../../schemas/problems.ts";
import type { Caller, Handlers } from "../handlers/handlers.ts";
import type { Log } from "../platform/log.ts";

/** The one door of the runtime: every call of every surface goes through it. */
export interface Dispatch {
  <M extends Method>(
    method: M,
    params: MethodInput<M>,
    caller: Caller,
    signal: AbortSignal,
  ): Promise<MethodResult<M>>;
  /** A call that came from outside: nothing of it has been checked yet. */
  <Name extends string>(
    method: Name extends Method ? never : Name,
    params: unknown,
    caller: Caller,
    signal: AbortSignal,
  ): Promise<unknown>;
}

export interface DispatchOptions {
  log: Log;
  /** Also parse what handlers return: tests hold every handler to its row with it. */
  checkResults?: boolean;
}

type Handler = (params: unknown, caller: Caller, signal: AbortSignal) => unknown;

const isMethod = (name: string): name is Method => Object.hasOwn(contract, name);

const mayCall = (caller: Role, needed: Role): boolean =>
  Role.options.indexOf(caller) >= Role.options.indexOf(needed);

/** Params that came already parsed, as over JSON-RPC, may be nested so deep that no schema can walk them. */
const parsedOrDeep = (method: Method, params: unknown) => {
  try {
    return contract[method].params.safeParse(params ?? {});
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const problems = "it is nested too deep";
    throw fail("invalid_params", { what: `The call ${method}`, problems }, { cause: error });
  }
};

const parseParams = (method: Method, params: unknown): unknown => {
  const parsed = parsedOrDeep(method, params);
  if (parsed.success) return parsed.data;
  throw fail(
    "invalid_params",
    { what: `The call ${method}`, problems: describeProblems(parsed.error) },
    { cause: parsed.error },
  );
};

/**
 * Parse → authorise → handle → map errors. What it rejects with is always a {@link CoditectError};
 * an unforeseen failure becomes `internal` with a reference, its cause goes to the log alone.
 */
export const createDispatch = (
  handlers: Handlers,
  { log, checkResults = false }: DispatchOptions,
): Dispatch => {
  const handle = async (method: string, params: unknown, caller: Caller, signal: AbortSignal) => {
    if (!isMethod(method)) throw fail("unknown_method", { method });
    const { role, result } = contract[method];
    if (!mayCall(caller.role, role)) throw fail("not_authorised", { method, role });
    const parsed = parseParams(method, params);
    signal.throwIfAborted();
    // The row's own schema made `parsed`, so it is what this method's handler takes.
    const handler = handlers[method] as Handler;
    const answer: unknown = await handler(parsed, caller, signal);
    return checkResults ? result.parse(answer) : answer;
  };

  const dispatch = async (method: string, params: unknown, caller: Caller, signal: AbortSignal) => {
    try {
      return await handle(method, params, caller, signal);
    } catch (error) {
      if (error instanceof CoditectError) throw error;
      if (signal.aborted) throw fail("cancelled", { what: `The call ${method}` }, { cause: error });
      const reference = randomUUID();
      const detail = error instanceof z.ZodError ? describeProblems(error) : String(error);
      const stack = error instanceof Error ? (error.stack ?? null) : null;
      log("error", `${method} failed`, { reference, error: detail, stack });
      throw fail("internal", { reference }, { cause: error });
    }
  };
  return dispatch;
};
