import { actorOf, type HandlerContext, type HandlersOf } from "./context.ts";

/** What the user allowed once for the workspace. */
export const consentHandlers = ({ store, now }: HandlerContext): HandlersOf<"consents"> => ({
  "consents/set": async ({ name, given }, caller) => {
    await store.commit((transaction) => {
      if (!given) transaction.remove("consents", name);
      else {
        const { tenantId: tenant_id } = store;
        transaction.put("consents", { name, tenant_id, given_by: actorOf(caller), created_at: now() });
      }
    });
    return {};
  },
});
