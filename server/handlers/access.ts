import type { HandlerContext, HandlersOf } from "./context.ts";

/** Tokens of the server of a team, and the audit log. */
export const accessHandlers = ({ tokens, audit }: HandlerContext): HandlersOf<"tokens" | "audit"> => ({
  "tokens/create": (wanted) => tokens.create(wanted),

  "tokens/list": () => ({ items: tokens.list() }),

  "tokens/revoke": ({ token_id }) => tokens.revoke(token_id),

  "audit/list": async ({ from, limit }) => {
    const items = await audit.read(from, limit);
    return { items, next: from + items.length };
  },
});
