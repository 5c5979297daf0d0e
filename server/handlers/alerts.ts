import { actorOf, type HandlerContext, type HandlersOf } from "./context.ts";
import { found } from "./lookup.ts";

/** What a person should look at, and their word that they know. */
export const alertHandlers = ({ store, alerts }: HandlerContext): HandlersOf<"alerts"> => ({
  "alerts/list": async ({ all }) => {
    await alerts.check();
    return { items: store.all("alerts", all ? {} : { open: true }) };
  },

  "alerts/acknowledge": ({ alert_id }, caller) =>
    alerts.acknowledge(found(store, "alerts", alert_id), actorOf(caller)),
});
