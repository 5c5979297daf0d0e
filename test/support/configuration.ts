import { WorkspaceConfiguration, type Configuration } from "../../server/teams/definition/configuration.ts";
import { memoryStore } from "./memory-store.ts";

/** The agents and teams of a workspace whose files the user has allowed. */
export const allowedConfiguration = (workspace: string): Configuration =>
  new WorkspaceConfiguration({
    store: memoryStore(),
    workspace,
    settings: { provider: { Ollama: { model: "m", endpoint: "http://127.0.0.1:9" } }, role_models: {} },
    isProviderGuessed: false,
    consents: { has: () => true },
    now: () => "2026-11-28T12:00:00.000Z",
  });
