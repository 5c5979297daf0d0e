import { join } from "node:path";
import type { RuntimeEvent } from "../../schemas/events.ts";
import type { Settings, SettingsInput } from "../../schemas/settings.ts";
import { cacheFolder } from "../platform/cache-folder.ts";
import { openConsents, type Consents } from "../platform/consents.ts";
import { AuditLog } from "../access/audit-log.ts";
import { TokenBook } from "../access/token-book.ts";
import { AlertBook } from "../alerts/alert-book.ts";
import { causesOf } from "../alerts/causes.ts";
import { AlertWebhook } from "../alerts/webhook.ts";
import { createChanges } from "../changes/create-changes.ts";
import { withHooks } from "../changes/hooked.ts";
import { createDispatch, type Dispatch } from "./dispatch.ts";
import { createAgentStatuses } from "../executions/agent-status.ts";
import { createLedger } from "../executions/ledger.ts";
import { storedTaskFiles } from "../executions/opened-files.ts";
import { Permissions } from "../executions/permissions.ts";
import { ServerQuestions } from "../executions/server-questions.ts";
import { createFeedback } from "../feedback/feedback.ts";
import { KnownSecrets } from "../workspace/redact.ts";
import { createGateway } from "../gateway/create.ts";
import {
  type CredentialStore,
  firstOf,
  heldCredentials,
  type HeldCredentials,
} from "../gateway/credentials.ts";
import type { EditorModels } from "../gateway/editor-models.ts";
import type { Credentials } from "../gateway/gateway.ts";
import { createHandlers } from "../handlers/handlers.ts";
import { version, type WorkerEntry } from "../platform/installation.ts";
import { createHooks } from "../hooks/create-hooks.ts";
import { InstancePool } from "../instances/pool/instance-pool.ts";
import { createDrivers } from "../instances/create-drivers.ts";
import { poolSettings } from "../instances/settings.ts";
import type { Log } from "../platform/log.ts";
import { RehearsalOnDemand } from "../rehearsal/on-demand.ts";
import { openStore } from "../store/open.ts";
import type { Store } from "../store/store.ts";
import { adoptFormer } from "../teams/definition/adopt.ts";
import { WorkspaceConfiguration } from "../teams/definition/configuration.ts";
import { createEvents } from "./events.ts";
import { openSettings } from "./settings-source.ts";
import { shareOf, type TenantShare } from "./tenant-share.ts";
import { TeamRuns } from "../teams/run/team-runs.ts";
import type { Telemetry } from "../telemetry/open-telemetry.ts";
import { createLogins, type OpenPage } from "../tools/oauth/logins.ts";
import { noSecrets, type SecretTexts } from "../tools/secrets.ts";
import type { EditorTools } from "../tools/editor-tools.ts";
import { createTools } from "../tools/tools.ts";
import type { ReceivedFiles } from "../transfer/received-files.ts";

export interface RuntimeOptions {
  /** Absolute path of the workspace folder. */
  workspace: string;
  /** Absolute path. Omitted: `.coditect/state` in the workspace. */
  stateFolder?: string;
  /** Absolute path for the private copies. Omitted: in the operating system's cache folder. */
  copiesFolder?: string;
  /**
   * The settings of the caller: flags, or the editor's settings. The user's file applies to settings that
   * they omit.
   */
  settings: SettingsInput;
  /** Their origin. Omitted: flags of a command. */
  settingsFrom?: "flag" | "editor";
  /** The editor's settings for this workspace, from outer to inner. They can only tighten. */
  workspaceSettings?: readonly SettingsInput[];
  /**
   * Values from the environment, such as the provider whose key it contains. The user's file overrides them.
   */
  guessedSettings?: SettingsInput;
  credentials: Credentials;
  /**
   * The store of logins to MCP servers and of secrets that tools and hooks name. Omitted: there is none, so
   * nobody is logged in.
   */
  secrets?: SecretTexts;
  /** The store that administrators may change over the network. Omitted: they may change none. */
  vault?: CredentialStore;
  worker: WorkerEntry;
  /** The environment with the secrets of tools. Omitted: the environment of this process. */
  environment?: NodeJS.ProcessEnv;
  log: Log;
  /** Omitted: the consents that the user gave for this workspace. */
  consents?: Consents;
  /** The editor that lends its language models. Omitted: none. */
  editorModels?: EditorModels;
  /** The editor that lends its tools. Omitted: none. */
  editorTools?: EditorTools;
  /** Asks the user to open the page of a login. Omitted: nobody can open it. */
  openPage?: OpenPage;
  /** If the workspace is a copy of a client's files: what creates the copy. */
  received?: ReceivedFiles;
  /** Omitted: the tenant of the state folder. */
  tenantId?: string;
  /** A log that several runtimes share and that their owner closes. Omitted: a log in the state folder. */
  audit?: AuditLog;
  /** What the runtimes of a tenant share. Omitted: this is the only one, or the one that others share with. */
  share?: TenantShare;
  /** Keys that the editor sends. Omitted: this runtime stores them only in memory. */
  editorKeys?: HeldCredentials;
}

/** A runtime over one workspace folder. */
export interface Runtime {
  /** Parses, authorizes and handles a call. Rejects with a CoditectError. */
  readonly dispatch: Dispatch;
  /** Calls the listener with every event from now on. Returns a function that stops it. */
  subscribe(listener: (event: RuntimeEvent) => void): () => void;
  readonly store: Store;
  readonly tokens: TokenBook;
  readonly audit: AuditLog;
  readonly share: TenantShare;
  /**
   * Applies settings from now on: limits, deadlines, what agents may run, options of runs. The addresses of
   * providers and the number of instances do not change after the runtime was opened.
   */
  configure(settings: SettingsInput, workspaceSettings: readonly SettingsInput[]): void;
  /** Ends active work as Interrupted, stops every instance and closes the store. */
  close(): Promise<void>;
}

/**
 * The composition root: creates a runtime from options. Errors: `state_locked` if another process owns the
 * state folder, `state_damaged`, `state_newer`.
 */
export const createRuntime = async (options: RuntimeOptions): Promise<Runtime> => {
  const { workspace, editorKeys = heldCredentials(), environment = process.env } = options;
  // Shared with all parts that read a setting when they need it. `configure` changes the next value that they
  // read.
  const source = openSettings({
    workspace,
    chosen: options.settings,
    chosenBy: options.settingsFrom ?? "flag",
    asked: options.workspaceSettings ?? [],
    guessed: options.guessedSettings ?? {},
  });
  const settings = source.current();
  const ofPool = poolSettings(settings);
  const renewSettings = (): void => {
    Object.assign(settings, source.current());
    Object.assign(ofPool, poolSettings(settings));
  };
  const share = options.share ?? shareOf(settings, ofPool);
  const now = (): string => new Date().toISOString();
  let telemetry: Telemetry | null = null;
  const log: Log = (level, message, data) => {
    options.log(level, message, data);
    telemetry?.log(level, message, data);
  };
  const { emit, subscribe } = createEvents(log);
  const consents = options.consents ?? openConsents(workspace);
  const rehearsal = new RehearsalOnDemand();

  const store = await openStore({
    folder: options.stateFolder ?? join(workspace, ".coditect", "state"),
    ...(options.tenantId !== undefined && { tenantId: options.tenantId }),
    durability: settings.durability,
    retention: settings.retention,
    warn: (problem) => {
      log("warn", problem);
    },
  });
  const ledger = createLedger(store);
  await ledger.recover(now());
  const { Claude, Gemini, HuggingFace, Ollama } = settings.endpoints;
  const ollamaEndpoint = Ollama ?? ("Ollama" in settings.provider ? settings.provider.Ollama.endpoint : null);
  const gateway = createGateway({
    ledger,
    credentials: firstOf(editorKeys, options.credentials),
    endpoints: {
      ...(Claude !== null && { Claude }),
      ...(Gemini !== null && { Gemini }),
      ...(HuggingFace !== null && { HuggingFace }),
    },
    environment,
    editor: options.editorModels ?? null,
    cacheFolder: join(store.folder, "cache"),
    responseCache: settings.response_cache,
    rates: settings,
    tenant: { tenant: share.use, rates: share.rates, stateFolder: store.folder },
    ...(ollamaEndpoint !== null && { ollamaEndpoint }),
  });
  const unconfined = (): Settings["unconfined"] =>
    settings.unconfined === "ask" && consents.has("unconfined") ? "allow" : settings.unconfined;
  const agentStatuses = createAgentStatuses({
    store,
    now,
    warn: (problem) => {
      log("warn", problem);
    },
  });
  if (store.readOnlyReason === null) await agentStatuses.recover();
  subscribe((event) => {
    agentStatuses.follow(event);
  });
  const pool = new InstancePool({
    store,
    workspace,
    drivers: createDrivers(options.worker, settings, store.folder, log, unconfined),
    copiesFolder: options.copiesFolder ?? join(cacheFolder(), "copies"),
    settings: ofPool,
    places: share.places,
    emit,
    log,
  });
  // Files that a user sends to a server must not give access outside of the user's copy.
  const mayLeaveSandbox = options.received === undefined;
  const places = { environment, secrets: options.secrets ?? noSecrets, known: new KnownSecrets(environment) };
  const secrets = places.known.values;
  const hooks = createHooks({
    ...{ workspace, settings, unconfined, mayLeaveSandbox, consents, log, ...places },
    scratchFolder: join(cacheFolder(), "hooks"),
  });
  const changes = withHooks(createChanges({ store, workspace, now }), hooks, store);
  if (settings.open_telemetry && environment.OTEL_SDK_DISABLED !== "true") {
    const { openTelemetry } = await import("../telemetry/open-telemetry.ts");
    telemetry = openTelemetry({
      ...{ store, secrets, environment, version: version() },
      withContent: settings.open_telemetry_content,
    });
    subscribe(telemetry.follow);
  }
  const feedback = createFeedback({ store, workspace, settings, secrets, log });
  const configuration = new WorkspaceConfiguration({
    store,
    workspace,
    settings,
    isProviderGuessed: source.originOf("provider") === "environment",
    consents,
    now,
  });
  await adoptFormer(store);
  const tools = createTools({
    workspace,
    scratchFolder: join(cacheFolder(), "mcp"),
    settings,
    ...{ unconfined, mayLeaveSandbox },
    consents,
    objects: store.objects,
    ...places,
    editor: options.editorTools ?? null,
    version: version(),
    log,
  });
  const permissions = new Permissions({ consents, files: storedTaskFiles(store), emit, now });
  const questions = new ServerQuestions({ emit, now });
  const runs = new TeamRuns({
    store,
    pool,
    gateway,
    tools,
    hooks,
    permissions,
    questions,
    ledger,
    changes,
    feedback,
    traces: telemetry?.traces ?? null,
    settings,
    workspace,
    configuration,
    log,
    emit,
    now,
  });
  await runs.recover();
  const webhook = new AlertWebhook({ workspace, settings, log });
  const alerts = new AlertBook({
    ...{ store, emit, now, log },
    causes: (day) => causesOf(day, { store, ledger, pool, settings }),
    deliver: (alert) => webhook.deliver(alert),
  });
  subscribe((event) => {
    alerts.follow(event);
  });

  const tokens = new TokenBook(store, now);
  const audit = options.audit ?? new AuditLog(store.folder, now, settings.durability);

  const handlers = createHandlers({
    store,
    workspace,
    received: options.received ?? null,
    tokens,
    audit,
    pool,
    gateway,
    limits: () => settings.limits,
    alerts,
    alertRules: () => settings.alerts,
    usageOn: ledger.on,
    runs,
    configuration,
    changes,
    feedback,
    secrets,
    consents,
    permissions,
    questions,
    vault: options.vault ?? null,
    logins: createLogins({
      ...{ workspace, settings, ...places },
      openPage: options.openPage ?? null,
    }),
    settings: {
      list: () => source.list(),
      set: (scope, key, value) => {
        source.set(scope, key, value);
        renewSettings();
      },
      unset: (scope, key) => {
        source.unset(scope, key);
        renewSettings();
      },
    },
    setKeys: (provider, keys) => {
      editorKeys.set(provider, keys);
    },
    startRehearsal: () => rehearsal.start(),
    emit,
    now,
    version: version(),
    defaultRuntime: settings.runtime,
  });
  return {
    dispatch: createDispatch(handlers, { log, audit }),
    subscribe,
    store,
    tokens,
    audit,
    share,
    configure: (changed, asked) => {
      source.choose(changed, asked);
      renewSettings();
      alerts.lookSoon();
    },
    close: async () => {
      await runs.close();
      await tools.close();
      await hooks.close();
      await pool.close();
      await alerts.close();
      await webhook.close();
      await telemetry?.close();
      await rehearsal.close();
      if (options.audit === undefined) await audit.close();
      share.use.leave(store.folder, now().slice(0, 10));
      await store.close();
    },
  };
};
