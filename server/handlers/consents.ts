import { fail } from "../../schemas/errors.ts";
import { actorOf, type HandlerContext, type HandlersOf } from "./context.ts";

/** What the user allowed once for the workspace. */
export const consentHandlers = ({ consents, now }: HandlerContext): HandlersOf<"consents"> => ({
  "consents/list": () => ({ items: consents.list() }),

  "consents/set": ({ name, given, of }, caller) => {
    // It would let agents of one tenant read what belongs to the others.
    if (given && name === "unconfined" && caller.remote !== undefined)
      throw fail("server_only", { what: "Permission to run commands without a sandbox" });
    if (given) consents.give({ name, of, given_by: actorOf(caller), created_at: now() });
    else consents.takeBack(name, of);
    return {};
  },
});
