import type { AIProvider, ProviderName, RuntimeChoice } from "../../schemas/agent.ts";
import type { AuditEntry } from "../../schemas/audit.ts";
import type { Method, MethodParams, MethodResult, Role } from "../../schemas/contract.ts";
import { fail } from "../../schemas/errors.ts";
import type { RuntimeEvent } from "../../schemas/events.ts";
import type { Json, Timestamp } from "../../schemas/primitives.ts";
import type { SettingValue } from "../../schemas/resolve-settings.ts";
import type { DailyUsage } from "../../schemas/run.ts";
import type { AuditLog } from "../access/audit-log.ts";
import type { TokenBook } from "../access/token-book.ts";
import type { AlertBook } from "../alerts/alert-book.ts";
import type { Changes } from "../changes/changes.ts";
import type { Permissions } from "../executions/permissions.ts";
import type { ServerQuestions } from "../executions/server-questions.ts";
import type { Feedback } from "../feedback/feedback.ts";
import type { CredentialStore } from "../gateway/credentials.ts";
import type { ModelGateway } from "../gateway/gateway.ts";
import type { Pool } from "../instances/pool.ts";
import type { Consents } from "../platform/consents.ts";
import type { Settings } from "../../schemas/settings.ts";
import type { Store } from "../store/store.ts";
import type { Configuration } from "../teams/definition/configuration.ts";
import type { Runs } from "../teams/run/runs.ts";
import type { ReceivedFiles } from "../transfer/received-files.ts";

/** Who calls: what they may do, and what the audit log says of them. */
export interface Caller {
  role: Role;
  surface: AuditEntry["surface"];
  /** Left out: a program of the user who runs the runtime. */
  remote?: {
    user: string;
    /** `null`: a token of an identity provider. */
    tokenId: string | null;
    /** Network address. */
    from: string;
  };
}

/** One handler per row of the contract, called with parsed params. */
export type Handlers = {
  [M in Method]: (
    params: MethodParams<M>,
    caller: Caller,
    signal: AbortSignal,
  ) => MethodResult<M> | Promise<MethodResult<M>>;
};

type Group = Method extends `${infer Name}/${string}` ? Name : never;
/** The handlers of some groups: `HandlersOf<"agents">` are those of `agents/…`. */
export type HandlersOf<Name extends Group> = Pick<Handlers, Extract<Method, `${Name}/${string}`>>;

/** Settings that can be looked at and changed while the runtime is open. */
export interface HeldSettings {
  list(): SettingValue[];
  /** Errors: `unknown_setting`, `invalid_params`, `setting_not_tighter`, `invalid_file`. */
  set(scope: "user" | "workspace", key: string, value: Json): void;
  unset(scope: "user" | "workspace", key: string): void;
}

/** Logins of the user to the MCP servers of the workspace. */
interface HeldLogins {
  /** Errors: `invalid_file`. */
  list(): Promise<{ server: string; url: string; logged_in: boolean }[]>;
  /** Errors: `not_found`, `login_failed`, `secret_missing`, `credentials_closed`, `host_refused`, `cancelled`. */
  logIn(server: string, signal: AbortSignal): Promise<void>;
  /** Errors: `not_found`, `credentials_closed`. */
  logOut(server: string): Promise<void>;
}

/** The parts of a runtime that handlers work with. */
export interface HandlerContext {
  store: Store;
  /** Absolute path; `.coditect/` in it holds what is imported. */
  workspace: string;
  /** Where the files of the workspace come from; null: the workspace is a folder of the user. */
  received: ReceivedFiles | null;
  pool: Pool;
  gateway: ModelGateway;
  /** The caps as the settings have them at the moment. */
  limits: () => Settings["limits"];
  alerts: AlertBook;
  tokens: TokenBook;
  audit: AuditLog;
  /** The rules of alerts as the settings have them at the moment. */
  alertRules: () => Settings["alerts"];
  /** What was used on a day (UTC, `2026-01-31`), up to now. */
  usageOn: (day: string) => DailyUsage;
  runs: Runs;
  configuration: Configuration;
  changes: Changes;
  feedback: Feedback;
  /** Values that leave the runtime with no answer. */
  secrets: readonly string[];
  consents: Consents;
  permissions: Permissions;
  questions: ServerQuestions;
  logins: HeldLogins;
  /** The stored keys and secrets that callers may change; null: none. */
  vault: CredentialStore | null;
  settings: HeldSettings;
  /** Puts keys before those of the environment; in memory only. None takes them away again. */
  setKeys: (provider: ProviderName, keys: readonly string[]) => void;
  /** Starts the built-in scripted model, once, and says how it is asked. */
  startRehearsal: () => Promise<AIProvider>;
  emit: (event: RuntimeEvent) => void;
  now: () => Timestamp;
  /** Of this product, for `runtime/status`. */
  version: string;
  /** Where instances run when neither call nor agent says so. */
  defaultRuntime: RuntimeChoice;
}

/** Error: `works_on_copy` where the workspace is a copy, which the next files from its client would undo. */
export const refuseOnCopy = (
  { received }: Pick<HandlerContext, "received">,
  what: string,
  hint: string,
): void => {
  if (received !== null) throw fail("works_on_copy", { what, hint });
};

/** Who an audit trail names for this call. */
export const actorOf = ({ remote, surface }: Caller): string => `user:${remote?.user ?? surface}`;
