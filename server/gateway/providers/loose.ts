import { z } from "zod";

/** A text in any form that services send; anything else is not a text. */
const looseText = (given: unknown): string => {
  if (typeof given === "string") return given;
  if (typeof given === "number") return String(given);
  if (Array.isArray(given)) return given.map(looseText).join("");
  if (typeof given !== "object" || given === null || !("text" in given)) return "";
  return typeof given.text === "string" ? given.text : "";
};

export const LooseText = z.unknown().optional().transform(looseText);

/** A list, or its only entry; unreadable entries are left out, and `null` is an empty list. */
export const looseList = <Entry extends z.ZodType>(entry: Entry) =>
  z
    .unknown()
    .optional()
    .transform((given): z.output<Entry>[] => {
      const list = Array.isArray(given) ? given : given === null || given === undefined ? [] : [given];
      return list.flatMap((each) => {
        const read = entry.safeParse(each);
        return read.success ? [read.data] : [];
      });
    });
