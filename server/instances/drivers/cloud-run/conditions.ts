import { z } from "zod";

/** What Cloud Run reports of one aspect of a service, such as whether its containers are healthy. */
const Condition = z.object({ state: z.string().default(""), message: z.string().default("") });

const Conditions = z.object({
  terminalCondition: Condition.optional(),
  conditions: z.array(Condition).default([]),
});

const MOST_CHARACTERS = 500;

/** One line of at most a few sentences, because Cloud Run adds long addresses of logs. */
export const shortened = (text: string): string => {
  const line = text.replace(/\s+/g, " ").trim().replace(/\.$/, "");
  return line.length > MOST_CHARACTERS ? `${line.slice(0, MOST_CHARACTERS)}…` : line;
};

/**
 * What a service, or the metadata of an operation on it, lacks to be ready, in the words of Cloud Run. A failed
 * condition comes before a pending one. Null: Cloud Run names nothing.
 */
export const lackOf = (service: unknown): string | null => {
  const found = Conditions.safeParse(service).data;
  if (found === undefined) return null;
  const { terminalCondition, conditions } = found;
  const all = [...(terminalCondition === undefined ? [] : [terminalCondition]), ...conditions].filter(
    ({ message }) => message !== "",
  );
  const first = (...states: string[]) => all.find(({ state }) => states.includes(state));
  const named = first("CONDITION_FAILED") ?? first("CONDITION_PENDING", "CONDITION_RECONCILING");
  return named === undefined ? null : `Cloud Run says: ${shortened(named.message)}`;
};
