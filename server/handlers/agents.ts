import type { AgentConfig, AgentSettings } from "../../schemas/agent.ts";
import { fail } from "../../schemas/errors.ts";
import { applyPatch, type Timestamp } from "../../schemas/primitives.ts";
import type { MethodParams } from "../../schemas/contract.ts";
import { changedSettings, defaultSettings, newAgent, updateStatus } from "../models/agent.ts";
import { packageOfAgent } from "../sharing/export.ts";
import { isTeamOfOne, teamsOf } from "../teams/definition/members.ts";
import type { HandlerContext, HandlersOf } from "./context.ts";
import { found } from "./lookup.ts";

/** A new provider brings its own price along, unless the user had set another one. */
const settingsFor = (agent: AgentConfig, params: MethodParams<"agents/update">): AgentSettings => {
  const provider = params.provider ?? agent.provider;
  const before = defaultSettings(agent.provider, agent.agent_type).cost_per_1k_tokens;
  const settings =
    agent.settings.cost_per_1k_tokens === before
      ? {
          ...agent.settings,
          cost_per_1k_tokens: defaultSettings(provider, agent.agent_type).cost_per_1k_tokens,
        }
      : agent.settings;
  return changedSettings(settings, params.settings ?? {});
};

const updated = (agent: AgentConfig, params: MethodParams<"agents/update">, now: Timestamp): AgentConfig => {
  const { agent_id, settings, status, ...fields } = params;
  const changed = {
    ...applyPatch(agent, fields),
    settings: settingsFor(agent, params),
    updated_at: now,
  };
  return status === undefined ? changed : updateStatus(changed, status, now);
};

/** Documents: "Agent Configuration Management". */
export const agentHandlers = ({ store, configuration, emit, now }: HandlerContext): HandlersOf<"agents"> => {
  const save = async (agent: AgentConfig): Promise<AgentConfig> => {
    await store.commit((transaction) => {
      transaction.put("agents", agent);
    });
    emit({ type: "configuration.changed", at: now() });
    return agent;
  };

  return {
    "agents/create": ({ settings, capabilities, custom_type, ...agent }) => {
      const created = newAgent({ tenant_id: store.tenantId, ...agent }, now());
      return save({
        ...applyPatch(created, { capabilities, custom_type }),
        settings: changedSettings(created.settings, settings),
      });
    },

    "agents/get": ({ agent_id }) => found(store, "agents", agent_id),

    "agents/update": async (params) => {
      const { agent_id, status, ...fields } = params;
      found(store, "agents", agent_id);
      if (Object.keys(fields).length > 0) await configuration.checkChangeable(agent_id);
      // Read again: its status may have changed meanwhile.
      return save(updated(found(store, "agents", agent_id), params, now()));
    },

    "agents/delete": async ({ agent_id }) => {
      found(store, "agents", agent_id);
      const count = store.all("instances", { agent_id, active: true }).length;
      if (count > 0) throw fail("agent_has_active_instances", { id: agent_id, count });
      await configuration.checkChangeable(agent_id);
      const teams = teamsOf(store, agent_id);
      const needing = teams.filter((team) => !isTeamOfOne(team));
      if (needing.length > 0)
        throw fail("agent_in_team", { id: agent_id, teams: needing.map(({ name }) => name).join(", ") });
      await store.commit((transaction) => {
        for (const { team_id } of teams) transaction.remove("teams", team_id);
        transaction.remove("agents", agent_id);
      });
      emit({ type: "configuration.changed", at: now() });
      return {};
    },

    "agents/export": ({ agent_id }) => packageOfAgent(found(store, "agents", agent_id)),

    "agents/restore": async ({ agent_id }) => {
      const restored = await configuration.restoreAgent(found(store, "agents", agent_id));
      emit({ type: "configuration.changed", at: now() });
      return restored;
    },

    "agents/list": ({ type, status, limit, cursor }) =>
      store.page("agents", { type, status }, { limit, cursor }),
  };
};
