import { randomUUID } from "node:crypto";
import type { AgentTeam } from "../../schemas/team.ts";
import { packageOfTeam } from "../sharing/export.ts";
import type { HandlerContext, HandlersOf } from "./context.ts";
import { found } from "./lookup.ts";

/** Documents: "Agent Teams". */
export const teamHandlers = ({
  store,
  runs,
  configuration,
  emit,
  now,
}: HandlerContext): HandlersOf<"teams"> => {
  const save = async (team: AgentTeam): Promise<AgentTeam> => {
    await store.commit((transaction) => {
      transaction.put("teams", team);
    });
    emit({ type: "configuration.changed", at: now() });
    return team;
  };

  return {
    "teams/create": async (params) => {
      const at = now();
      const identity = { team_id: randomUUID(), tenant_id: store.tenantId };
      const team: AgentTeam = { ...identity, ...params, created_at: at, updated_at: at };
      configuration.checkTeam(team);
      await configuration.checkTeamName(team.name);
      return save(team);
    },

    "teams/get": ({ team_id }) => found(store, "teams", team_id),

    "teams/list": async (request) => {
      const { proposed, problems } = await runs.publishTeams();
      const { items, next_cursor } = store.page("teams", {}, request);
      // One that was stored from the file is out of date: the file has changed since.
      const ids = new Set(proposed.map(({ team_id }) => team_id));
      const kept = items.filter(({ team_id }) => !ids.has(team_id));
      return { items: request.cursor === null ? [...proposed, ...kept] : kept, next_cursor, problems };
    },

    "teams/updateMembers": async ({ team_id, members }) => {
      const team = found(store, "teams", team_id);
      await configuration.checkChangeable(team_id);
      const changed = { ...team, members, updated_at: now() };
      configuration.checkTeam(changed);
      return save(changed);
    },

    "teams/export": ({ team_id }) => {
      const team = found(store, "teams", team_id);
      const ids = new Set(team.members.flatMap(({ agent_id }) => agent_id ?? []));
      return packageOfTeam(team, new Map([...ids].map((id) => [id, found(store, "agents", id)])));
    },

    "teams/restore": async ({ team_id }) => {
      const restored = await configuration.restoreTeam(found(store, "teams", team_id));
      emit({ type: "configuration.changed", at: now() });
      return restored;
    },

    "teams/execute": ({ team_id, ...request }) => runs.start(team_id, request),

    "teams/forecast": ({ team_id, ...request }) => runs.forecast(team_id, request),

    "teams/delete": async ({ team_id }) => {
      found(store, "teams", team_id);
      await configuration.checkChangeable(team_id);
      await store.commit((transaction) => {
        transaction.remove("teams", team_id);
      });
      emit({ type: "configuration.changed", at: now() });
      return {};
    },
  };
};
