import type { z } from "zod";
import { describeProblems, joinProblems, type ValueProblem } from "./problems.ts";

/** A name and password at the front of an address, as browsers take them. */
const login = /^([a-z][a-z0-9+.-]*:\/\/)([^/?#]*)@/i;

/** The address without the name and password in it, which are neither stored nor shown. */
export const withoutLogin = (address: string): string => address.replace(login, "$1");

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

/** The name and password in an address, as `NAME:PASSWORD`; null: it has none. */
export const loginOf = (address: string): string | null => {
  const given = login.exec(address)?.[2];
  if (given === undefined || given === "") return null;
  const [name = "", ...password] = given.split(":");
  return `${decoded(name)}:${decoded(password.join(":"))}`;
};

/**
 * A problem for each address of Ollama that has a name and password, in a value that is not yet parsed.
 * Agents and runs are stored and do not keep them.
 */
export const loginsIn = (value: unknown, path: readonly PropertyKey[] = []): ValueProblem[] => {
  if (typeof value === "string") {
    const isAddress = path.at(-1) === "endpoint" && path.at(-2) === "Ollama";
    return isAddress && loginOf(value) !== null
      ? [
          {
            path: [...path],
            says: "must not contain a name and password; set them in your setting endpoints.Ollama",
          },
        ]
      : [];
  }
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]: [string, unknown]) =>
    loginsIn(inner, [...path, Array.isArray(value) ? Number(name) : name]),
  );
};

/**
 * Parses a value that a user or a program gives. Returns the value, or its problems in words. A name and
 * password that would not be kept are a problem, because the server would refuse requests without them.
 */
export const parseGiven = <Value>(
  schema: z.ZodType<Value>,
  given: unknown,
): { value: Value } | { problems: string; cause?: z.ZodError } => {
  const parsed = schema.safeParse(given);
  if (!parsed.success) return { problems: describeProblems(parsed.error), cause: parsed.error };
  const logins = loginsIn(given);
  return logins.length > 0 ? { problems: joinProblems(logins) } : { value: parsed.data };
};
