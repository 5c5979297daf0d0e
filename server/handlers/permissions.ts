import { actorOf, type HandlerContext, type HandlersOf } from "./context.ts";

/** What agents ask the user for while they work. */
export const permissionHandlers = ({ permissions }: HandlerContext): HandlersOf<"permissions"> => ({
  "permissions/list": () => ({ items: permissions.list() }),

  "permissions/answer": ({ permission_id, decision }, caller) => {
    permissions.answer(permission_id, decision, actorOf(caller));
    return {};
  },
});
