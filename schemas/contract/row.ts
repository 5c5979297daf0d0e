import { z } from "zod";
import { Rating } from "../execution.ts";
import { Count } from "../primitives.ts";

/** What a caller may do: `viewer` reads, `operator` runs teams, `admin` changes agents and teams. */
export const Role = z.enum(["viewer", "operator", "admin"]);
export type Role = z.infer<typeof Role>;

interface Http {
  verb: "GET" | "POST" | "PUT" | "DELETE";
  /** `{name}` is replaced by the field of that name in the params. */
  path: string;
  /** Query parameter → field, where the documents name them differently. */
  query?: Record<string, string>;
  /** Status of a success; 200 if left out. */
  status?: 201 | 202 | 204;
}

/** A method of the contract: who may call it, with what, for what, and where REST has it. */
export const row = <Params extends z.ZodType, Result extends z.ZodType>(
  role: Role,
  params: Params,
  result: Result,
  http: Http | null = null,
) => ({ role, params, result, http });

export const Nothing = z.strictObject({});
export const paging = {
  /** At most this many, newest first. */
  limit: Count.min(1).max(500).default(100),
  /** `next_cursor` of the page before. */
  cursor: z.string().nullable().default(null),
};
export const page = <Item extends z.ZodType>(item: Item) =>
  z.strictObject({ items: z.array(item), next_cursor: z.string().nullable() });
/** How a person rates an execution or a run. */
export const rated = {
  verdict: Rating.shape.verdict,
  note: z.string().min(1).nullable().default(null),
};
