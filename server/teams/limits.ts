import { Limits } from "../../schemas/agent.ts";

const smaller = (one: number | null, other: number | null): number | null =>
  one === null ? other : other === null ? one : Math.min(one, other);

/** The strictest of several sets of caps: nobody's setting lifts another's. */
export const strictest = (...sets: readonly (Limits | null)[]): Limits =>
  sets.reduce<Limits>(
    (strict, limits) =>
      limits === null
        ? strict
        : {
            tokens_per_execution: smaller(strict.tokens_per_execution, limits.tokens_per_execution),
            tokens_per_run: smaller(strict.tokens_per_run, limits.tokens_per_run),
            tokens_per_day: smaller(strict.tokens_per_day, limits.tokens_per_day),
            cost_per_execution: smaller(strict.cost_per_execution, limits.cost_per_execution),
            cost_per_run: smaller(strict.cost_per_run, limits.cost_per_run),
            cost_per_day: smaller(strict.cost_per_day, limits.cost_per_day),
          },
    Limits.parse({}),
  );
