import { z } from "zod";
import { parseJson } from "../../schemas/json-depth.ts";
import { Json } from "../../schemas/primitives.ts";

/** A call that a model writes as text, under the names that models give its two fields. */
const WrittenCall = z.union([
  z.strictObject({ tool: z.string(), arguments: z.record(z.string(), Json) }),
  z
    .strictObject({ name: z.string(), arguments: z.record(z.string(), Json) })
    .transform(({ name, arguments: given }) => ({ tool: name, arguments: given })),
  z
    .strictObject({ name: z.string(), parameters: z.record(z.string(), Json) })
    .transform(({ name, parameters }) => ({ tool: name, arguments: parameters })),
]);
export type WrittenCall = z.output<typeof WrittenCall>;

/** A call that was parsed; null: it is none. */
export const callOf = (parsed: unknown): WrittenCall | null => WrittenCall.safeParse(parsed).data ?? null;

/** A call from its JSON; null: it is none. */
export const readCall = (json: string): WrittenCall | null => {
  let parsed: unknown;
  try {
    parsed = parseJson(json);
  } catch {
    return null;
  }
  return callOf(parsed);
};
