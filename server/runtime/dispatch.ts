import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { AuditEntry } from "../../schemas/audit.ts";
import { contract, type Method, type MethodInput, type MethodResult, Role } from "../../schemas/contract.ts";
import { CoditectError, fail } from "../../schemas/errors.ts";
import { parseGiven } from "../../schemas/logins.ts";
import { describeProblems } from "../../schemas/problems.ts";
import type { Caller, Handlers } from "../handlers/handlers.ts";
import type { AuditLog } from "../access/audit-log.ts";
import { recordsOf } from "../access/audited.ts";
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
  /** Where calls that change something, and calls that were refused, are recorded. */
  audit?: AuditLog;
}

type Handler = (params: unknown, caller: Caller, signal: AbortSignal) => unknown;

const isMethod = (name: string): name is Method => Object.hasOwn(contract, name);

const mayCall = (caller: Role, needed: Role): boolean =>
  Role.options.indexOf(caller) >= Role.options.indexOf(needed);

/** Params that came already parsed, as over JSON-RPC, may be nested so deep that no schema can walk them. */
const parsedOrDeep = (method: Method, params: unknown) => {
  try {
    return parseGiven<unknown>(contract[method].params, params ?? {});
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const problems = "it is nested too deep";
    throw fail("invalid_params", { what: `The call ${method}`, problems }, { cause: error });
  }
};

const parseParams = (method: Method, params: unknown): unknown => {
  const parsed = parsedOrDeep(method, params);
  if ("value" in parsed) return parsed.value;
  const { problems, cause } = parsed;
  throw fail("invalid_params", { what: `The call ${method}`, problems }, { cause });
};

/**
 * Authorise → parse → handle → map errors. What it rejects with is always a {@link CoditectError};
 * an unforeseen failure becomes `internal` with a reference, its cause goes to the log alone.
 */
export const createDispatch = (
  handlers: Handlers,
  { log, checkResults = false, audit }: DispatchOptions,
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

  const record = async (
    method: string,
    params: unknown,
    caller: Caller,
    outcome: { answer: unknown; code: AuditEntry["result"] },
  ): Promise<void> => {
    const { role, surface, remote } = caller;
    try {
      await audit?.record({
        user: remote?.user ?? "local",
        role,
        token_id: remote?.tokenId ?? null,
        surface,
        from: remote?.from ?? null,
        method,
        record: recordsOf(params, outcome.answer),
        result: outcome.code,
      });
    } catch (error) {
      // The user of this machine can repair the log, and must be able to work on until then.
      if (remote !== undefined) throw error;
      log("warn", "a call was not recorded in the audit log", { method, error: String(error) });
    }
  };

  const audited = async (method: string, params: unknown, caller: Caller, signal: AbortSignal) => {
    const changes = isMethod(method) && contract[method].role !== "viewer";
    if (changes && caller.remote !== undefined && audit?.failure != null) throw audit.failure;
    try {
      const answer: unknown = await handle(method, params, caller, signal);
      if (changes) await record(method, params, caller, { answer, code: "ok" });
      return answer;
    } catch (error) {
      const code = error instanceof CoditectError ? error.code : "internal";
      // The first cause counts, also where it cannot be recorded.
      if (changes && code !== "audit_failed")
        await record(method, params, caller, { answer: null, code }).catch(() => undefined);
      throw error;
    }
  };

  const dispatch = async (method: string, params: unknown, caller: Caller, signal: AbortSignal) => {
    try {
      return await audited(method, params, caller, signal);
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
