import { fail } from "../../schemas/errors.ts";
import { type Hook, type HookEvent, HooksFile } from "../../schemas/hooks.ts";
import { describeProblems } from "../../schemas/problems.ts";
import type { Settings } from "../../schemas/settings.ts";
import type { Consents } from "../platform/consents.ts";
import type { CheckedFetch } from "../tools/checked-fetch.ts";
import type { ServerSandbox } from "../tools/server-sandbox.ts";
import type { SecretPlaces } from "../tools/secrets.ts";
import { configurationFiles, configurationHash, HOOKS_FILE, textOf } from "../workspace/configuration.ts";
import { readInside } from "../workspace/open.ts";
import { withoutSecrets } from "../workspace/redact.ts";
import { type Decision, decisionOf } from "./decision.ts";
import type { HookCall, Hooks } from "./hooks-api.ts";
import { runCommandHook } from "./run-command.ts";
import { type Reach, runHttpHook } from "./run-http.ts";

export interface HooksParts extends SecretPlaces {
  workspace: string;
  settings: Pick<Settings, "untrusted">;
  consents: Pick<Consents, "has">;
  sandbox: ServerSandbox;
  /** Made for the first HTTP hook. */
  checked: () => Promise<CheckedFetch>;
}

const MOST_BYTES = 1 << 20;

const nameOf = (hook: Hook): string => hook.name ?? ("url" in hook ? hook.url : hook.command);

const matches = (matcher: string, subject: string | null): boolean =>
  matcher === "*" || matcher === "" || subject === null || new RegExp(`^(?:${matcher})$`).test(subject);

/** Runs what `.coditect/hooks.json` lists, once the user has allowed the folder as it is. */
export class WorkspaceHooks implements Hooks {
  readonly #parts: HooksParts;
  #checked: Promise<CheckedFetch> | undefined;
  /** The file as it was read last, and what it said. */
  #read: { text: string; hooks: HooksFile["hooks"] } | null = null;

  constructor(parts: HooksParts) {
    this.#parts = parts;
  }

  has(event: HookEvent): boolean {
    return this.#all()[event] !== undefined;
  }

  admit(): void {
    this.#allowed();
  }

  /** The hooks from exactly the bytes that the user allowed. Errors: `hooks_unconfirmed`, `invalid_file`. */
  #allowed(): HooksFile["hooks"] {
    const { workspace, consents, settings } = this.#parts;
    if (settings.untrusted) return {};
    const files = configurationFiles(workspace);
    const hooks = this.#parsed(files.find(({ path }) => path === HOOKS_FILE)?.bytes ?? null);
    const hash = configurationHash(files);
    if (Object.keys(hooks).length === 0 || consents.has("configuration", hash)) return hooks;
    const all = Object.values(hooks).flatMap((groups) => groups.flatMap((group) => group.hooks));
    // In full: the user must see what follows a long beginning before they allow it.
    throw fail("hooks_unconfirmed", { what: [...new Set(all.map(described))].join("; "), hash });
  }

  async run({ event, task_id, subject, input }: HookCall, signal: AbortSignal): Promise<string | null> {
    if (!this.has(event)) return null;
    const groups = this.#allowed()[event] ?? [];
    const hooks = groups.filter(({ matcher }) => matches(matcher, subject)).flatMap((group) => group.hooks);
    const told = JSON.stringify({
      session_id: task_id,
      cwd: this.#parts.workspace,
      hook_event_name: event,
      ...input,
    });
    const added: string[] = [];
    for (const hook of hooks) {
      const { refusal, context } = await this.#decision(hook, event, told, signal);
      if (refusal !== null) throw fail("hook_refused", { hook: nameOf(hook), event, reason: refusal });
      if (context !== null) added.push(context);
    }
    return added.length === 0 ? null : added.join("\n");
  }

  async close(): Promise<void> {
    await this.#parts.sandbox.close();
    await (await this.#checked)?.close();
  }

  async #decision(hook: Hook, event: HookEvent, told: string, signal: AbortSignal): Promise<Decision> {
    const deadline = AbortSignal.timeout(hook.timeout * 1000);
    const limited = AbortSignal.any([signal, deadline]);
    try {
      const said =
        hook.type === "http"
          ? await runHttpHook(hook, told, await this.#reach(), limited)
          : await runCommandHook(hook, told, this.#parts, limited);
      // A service may repeat the secret that it got.
      return decisionOf({ ...said, text: withoutSecrets(said.text, this.#parts.known.values) });
    } catch (error) {
      if (signal.aborted) throw fail("cancelled", { what: `The hook ${nameOf(hook)}` }, { cause: error });
      const said = error instanceof Error ? error.message : String(error);
      const reason = deadline.aborted
        ? `it did not end within ${hook.timeout} seconds`
        : withoutSecrets(said, this.#parts.known.values);
      throw fail("hook_failed", { hook: nameOf(hook), event, reason }, { cause: error });
    }
  }

  async #reach(): Promise<Reach> {
    this.#checked ??= this.#parts.checked();
    return { checked: await this.#checked, places: this.#parts };
  }

  /** Of the file as it is; an untrusted workspace has none. Errors: `invalid_file`. */
  #all(): HooksFile["hooks"] {
    const { workspace, settings } = this.#parts;
    if (settings.untrusted) return {};
    return this.#parsed(readInside(workspace, HOOKS_FILE, { most: MOST_BYTES }));
  }

  #parsed(bytes: Buffer | null): HooksFile["hooks"] {
    if (bytes === null) return {};
    const text = textOf(bytes);
    if (this.#read?.text !== text) this.#read = { text, hooks: parseHooks(text) };
    return this.#read.hooks;
  }
}

const described = (hook: Hook): string => {
  if (hook.type === "http") return `it sends to ${hook.url}`;
  return `it runs ${hook.command}${hook.sandbox === "none" ? " (without a sandbox)" : ""}`;
};

const parseHooks = (text: string): HooksFile["hooks"] => {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw fail("invalid_file", { path: HOOKS_FILE, problems: "it is not JSON" }, { cause: error });
  }
  const file = HooksFile.safeParse(value);
  if (file.success) return file.data.hooks;
  throw fail("invalid_file", { path: HOOKS_FILE, problems: describeProblems(file.error) });
};
