import { firstRuntime } from "../../schemas/agent.ts";
import { checkOnline } from "../teams/definition/members.ts";
import { actorOf, type HandlerContext, type HandlersOf } from "./context.ts";
import { found } from "./lookup.ts";

/** Documents: "Agent Instance Management". */
export const instanceHandlers = ({
  store,
  pool,
  defaultRuntime,
}: HandlerContext): HandlersOf<"instances"> => ({
  "instances/create": ({ agent_id, runtime }, caller) => {
    const agent = found(store, "agents", agent_id);
    checkOnline(agent);
    return pool.create(
      agent,
      runtime ?? firstRuntime(agent.settings.runtime ?? defaultRuntime),
      actorOf(caller),
    );
  },

  "instances/get": ({ instance_id }) => found(store, "instances", instance_id),

  "instances/setState": ({ instance_id, state, cause }, caller) => {
    found(store, "instances", instance_id);
    return pool.setState(instance_id, state, actorOf(caller), cause);
  },

  "instances/terminate": ({ instance_id }, caller) => {
    found(store, "instances", instance_id);
    return pool.terminate(instance_id, actorOf(caller), "asked by the user");
  },

  "instances/list": ({ agent_id, state, active, limit, cursor }) =>
    store.page("instances", { agent_id, state, ...(active && { active }) }, { limit, cursor }),

  "instances/history": ({ instance_id, limit, cursor }) => {
    found(store, "instances", instance_id);
    return store.page("lifecycle", { instance_id }, { limit, cursor });
  },
});
