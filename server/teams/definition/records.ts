import type { AgentConfig, AgentType, AIProvider } from "../../../schemas/agent.ts";
import { providerForRole, type RoleModels } from "../../../schemas/default-models.ts";
import type { AgentTeam } from "../../../schemas/team.ts";
import { newAgent } from "../../models/agent.ts";
import type { Store } from "../../store/store.ts";
import type { AgentContent, TeamContent } from "./templates.ts";

export interface RecordParts {
  store: Store;
  /** The current settings for agents without their own provider. */
  settings: { readonly provider: AIProvider; readonly role_models: RoleModels };
  /**
   * Whether the provider was guessed from the keys of the environment. In this case, an agent that has worked keeps
   * its provider, because a key alone must not turn a local agent into a paid one.
   */
  isProviderGuessed: boolean;
  now: () => string;
}

/** Creates records of the current tenant from the content of templates. */
export class TemplateRecords {
  readonly #parts: RecordParts;

  constructor(parts: RecordParts) {
    this.#parts = parts;
  }

  /** The provider of an agent. `own` is the provider that its file names. */
  providerFor(stored: AgentConfig | null, type: AgentType, own?: AIProvider): AIProvider {
    const { settings, isProviderGuessed } = this.#parts;
    const hasWorked = stored !== null && stored.last_active_at !== null;
    return hasWorked && isProviderGuessed && own === undefined
      ? stored.provider
      : providerForRole(own ?? settings.provider, type, settings.role_models);
  }

  agent(content: AgentContent, stored: AgentConfig | null): AgentConfig {
    const { store, now } = this.#parts;
    return {
      ...(stored ?? newAgent({ tenant_id: store.tenantId, ...content }, now())),
      ...content,
      updated_at: now(),
    };
  }

  team(team_id: string, content: TeamContent, stored: AgentTeam | null): AgentTeam {
    const { store, now } = this.#parts;
    return {
      team_id,
      tenant_id: store.tenantId,
      ...content,
      created_at: stored?.created_at ?? now(),
      updated_at: now(),
    };
  }
}
