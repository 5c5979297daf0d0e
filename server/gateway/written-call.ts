import { z } from "zod";
import { parseJson } from "../../schemas/json-depth.ts";
import { Json } from "../../schemas/primitives.ts";

/** The value of a JSON text; undefined: it is not JSON. */
const jsonOf = (text: string): unknown => {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
};

/** A call that a model writes as text, with the names that models give its two fields. */
const Arguments = z.union([
  z.record(z.string(), Json),
  // As the native calls of services have them.
  z.string().transform((text, context) => {
    const parsed = z.record(z.string(), Json).safeParse(jsonOf(text));
    if (!parsed.success) context.addIssue("must be the JSON of an object");
    return parsed.data ?? {};
  }),
]);

const Named = z
  .strictObject({ name: z.string(), arguments: Arguments })
  .transform(({ name, arguments: given }) => ({ tool: name, arguments: given }));

const WrittenCall = z.union([
  z.strictObject({ tool: z.string(), arguments: z.record(z.string(), Json) }),
  Named,
  z.strictObject({ type: z.literal("function"), function: Named }).transform((call) => call.function),
  z
    .strictObject({
      tool_call_id: z.unknown().optional(),
      tool_name: z.string(),
      parameters: z.record(z.string(), Json),
    })
    .transform(({ tool_name, parameters }) => ({ tool: tool_name, arguments: parameters })),
  z
    .strictObject({ name: z.string(), parameters: z.record(z.string(), Json) })
    .transform(({ name, parameters }) => ({ tool: name, arguments: parameters })),
]);
export type WrittenCall = z.output<typeof WrittenCall>;

/** A call that was parsed; null: it is not a call. */
const callOf = (parsed: unknown): WrittenCall | null => WrittenCall.safeParse(parsed).data ?? null;

/** A call from its JSON; null: it is not a call. */
export const readCall = (json: string): WrittenCall | null => {
  const parsed = jsonOf(json);
  return parsed === undefined ? null : callOf(parsed);
};

/** Calls from the JSON of a list of them; null: it is not such a list. */
export const readCalls = (json: string): WrittenCall[] | null => {
  const list = jsonOf(json);
  if (!Array.isArray(list)) return null;
  const calls = list.map(callOf);
  return calls.length > 0 && calls.every((call) => call !== null) ? calls : null;
};
