import { join } from "node:path";
import { Settings } from "../../schemas/settings.ts";
import type { AlertCause } from "../../schemas/alerts.ts";
import type { AIProvider } from "../../schemas/agent.ts";
import type { RuntimeEvent } from "../../schemas/events.ts";
import type { Role } from "../../schemas/contract.ts";
import { AuditLog } from "../../server/access/audit-log.ts";
import { TokenBook } from "../../server/access/token-book.ts";
import { AlertBook } from "../../server/alerts/alert-book.ts";
import { createChanges } from "../../server/changes/create-changes.ts";
import { createFeedback } from "../../server/feedback/feedback.ts";
import { createDispatch, type Dispatch } from "../../server/runtime/dispatch.ts";
import type { CredentialStore } from "../../server/gateway/credentials.ts";
import type { ModelGateway } from "../../server/gateway/gateway.ts";
import { storedTaskFiles } from "../../server/executions/opened-files.ts";
import { Permissions } from "../../server/executions/permissions.ts";
import { createLogins } from "../../server/tools/oauth/logins.ts";
import { noSecrets } from "../../server/tools/secrets.ts";
import { ServerQuestions } from "../../server/executions/server-questions.ts";
import { createLedger } from "../../server/executions/ledger.ts";
import type { Caller, HeldSettings } from "../../server/handlers/context.ts";
import { WorkspaceConfiguration, type Configuration } from "../../server/teams/definition/configuration.ts";
import { createHandlers } from "../../server/handlers/handlers.ts";
import type { Consents } from "../../server/platform/consents.ts";
import type { Pool } from "../../server/instances/pool.ts";
import type { Store } from "../../server/store/store.ts";
import { KnownSecrets } from "../../server/workspace/redact.ts";
import type { ReceivedFiles } from "../../server/transfer/received-files.ts";
import type { Runs } from "../../server/teams/run/runs.ts";
import { memoryStore } from "./memory-store.ts";
import { NOW, TENANT } from "./records.ts";

/** One call that was passed on to the pool, the runs or the gateway. */
type Recorded = [name: string, ...args: unknown[]];

export interface TestDispatch {
  dispatch: Dispatch;
  store: Store;
  configuration: Configuration;
  events: RuntimeEvent[];
  emit: (event: RuntimeEvent) => void;
  subscribe: (listener: (event: RuntimeEvent) => void) => () => void;
  /** The calls that were passed on, in order. */
  passedOn: Recorded[];
  log: { level: string; message: string; data: Record<string, unknown> }[];
}

export const as = (role: Role): Caller => ({ role, surface: "cli" });

type Methods = Record<string, (...args: never[]) => unknown>;

/** Answers the methods of a part with `answers` and other methods with nothing, and records every call. */
const recorder = <Part extends object>(calls: Recorded[], answers: Partial<Part>): Part =>
  // The handlers under test only see the calls and their results.
  new Proxy({} as Part, {
    get:
      (_, name) =>
      (...args: never[]) => {
        calls.push([String(name), ...args]);
        return (answers as Methods)[String(name)]?.(...args);
      },
  });

/** Dispatch and handlers with a store in memory. Calls to other parts are recorded. */
export const testDispatch = (
  workspace: string,
  parts: {
    pool?: Partial<Pool>;
    runs?: Partial<Runs>;
    gateway?: Partial<ModelGateway>;
    store?: Store;
    /** Set for a workspace that is a copy of a client's. */
    received?: ReceivedFiles;
    /** What alerts are about. */
    causes?: readonly AlertCause[];
    /** The provider of default agents. */
    provider?: AIProvider;
    /** If left out, callers may change no stored keys. */
    vault?: CredentialStore;
    /** If left out, calls are not recorded in an audit log. */
    audit?: AuditLog;
    /** If left out, every answer is checked against the contract, which takes time. */
    checkResults?: false;
  } = {},
): TestDispatch => {
  const store = parts.store ?? memoryStore(TENANT);
  const events: RuntimeEvent[] = [];
  const listeners = new Set<(event: RuntimeEvent) => void>();
  const passedOn: Recorded[] = [];
  const log: TestDispatch["log"] = [];
  const now = () => NOW;
  const emit = (event: RuntimeEvent) => {
    events.push(event);
    for (const listener of listeners) listener(event);
  };
  const provider = parts.provider ?? { Ollama: { model: "m", endpoint: "http://127.0.0.1:1" } };
  const settings = { provider, role_models: {} };
  const allowed = { has: () => true };
  const configuration = new WorkspaceConfiguration({
    ...{ store, workspace, settings, now },
    ...{ isProviderGuessed: false, consents: allowed },
  });
  const handlers = createHandlers({
    store,
    workspace,
    received: parts.received ?? null,
    pool: recorder<Pool>(passedOn, { queued: () => 0, ...parts.pool }),
    runs: recorder<Runs>(passedOn, { publishTeams: () => configuration.publishTeams(), ...parts.runs }),
    gateway: recorder<ModelGateway>(passedOn, { models: () => Promise.resolve([]), ...parts.gateway }),
    configuration,
    limits: () => Settings.parse({}).limits,
    tokens: new TokenBook(store, now),
    audit: parts.audit ?? new AuditLog(join(workspace, ".coditect/state"), now, "os"),
    alertRules: () => Settings.parse({}).alerts,
    alerts: new AlertBook({
      ...{ store, emit, now },
      causes: () => parts.causes ?? [],
      deliver: () => Promise.resolve(),
      log: (level, message, data = {}) => log.push({ level, message, data }),
    }),
    usageOn: createLedger(store).on,
    changes: createChanges({ store, workspace, now }),
    feedback: createFeedback({
      store,
      workspace,
      settings: { lessons: false },
      secrets: [],
      log: (level, message, data = {}) => log.push({ level, message, data }),
    }),
    secrets: ["a-secret-of-the-environment"],
    consents: recorder<Consents>(passedOn, { list: () => [] }),
    vault: parts.vault ?? null,
    questions: new ServerQuestions({ emit, now }),
    logins: createLogins({
      ...{ workspace, environment: {}, secrets: noSecrets, known: new KnownSecrets({}), openPage: null },
      settings: { allowed_hosts: [], mcp_files: [] },
    }),
    permissions: new Permissions({
      consents: { has: () => false, give: () => undefined, list: () => [] },
      files: storedTaskFiles(store),
      emit,
      now,
    }),
    settings: recorder<HeldSettings>(passedOn, { list: () => [] }),
    setKeys: (provider, keys) => passedOn.push(["setKeys", provider, keys]),
    startRehearsal: () => Promise.resolve({ Ollama: { model: "rehearsal", endpoint: "http://127.0.0.1:1" } }),
    emit,
    now,
    version: "1.2.3",
    defaultRuntime: "Local",
  });
  const dispatch = createDispatch(handlers, {
    log: (level, message, data = {}) => log.push({ level, message, data }),
    checkResults: parts.checkResults ?? true,
    ...(parts.audit !== undefined && { audit: parts.audit }),
  });
  const subscribe = (listener: (event: RuntimeEvent) => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  };
  return { dispatch, store, configuration, events, emit, subscribe, passedOn, log };
};
