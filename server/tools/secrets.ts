import { fail } from "../../schemas/errors.ts";
import { SECRET_REFERENCE } from "../../schemas/tool-definition.ts";

/** Where secrets are stored, by name. Both may throw `credentials_closed`. */
export interface SecretTexts {
  /** null: there is none of this name. */
  text(name: string): Promise<string | null>;
  /** null removes it. */
  setText(name: string, text: string | null): Promise<void>;
}

/** For those who have no place for secrets. */
export const noSecrets: SecretTexts = {
  text: () => Promise.resolve(null),
  setText: () => Promise.resolve(),
};

const variableOf = (secret: string): string => `CODITECT_SECRET_${secret.toUpperCase().replaceAll("-", "_")}`;

/**
 * Replaces references such as `secret:github` in the values of headers and variables by the value of
 * `CODITECT_SECRET_GITHUB`. Keys of model providers cannot be named. Errors: `secret_missing`.
 */
export const resolveSecrets = (
  values: Readonly<Record<string, string>>,
  environment: NodeJS.ProcessEnv,
): Record<string, string> =>
  Object.fromEntries(
    Object.entries(values).map(([name, value]) => {
      const secret = SECRET_REFERENCE.exec(value)?.[1];
      if (secret === undefined) return [name, value];
      const variable = variableOf(secret);
      const found = environment[variable];
      if (found === undefined || found === "") throw fail("secret_missing", { name: secret, variable });
      return [name, found];
    }),
  );

/**
 * The value of a reference such as `secret:github`: the environment variable, or else the value stored with
 * `coditect credentials set secret:github`. Errors: `secret_missing`, `credentials_closed`.
 */
export const resolveSecret = async (
  reference: string,
  environment: NodeJS.ProcessEnv,
  secrets: SecretTexts,
): Promise<string> => {
  const name = SECRET_REFERENCE.exec(reference)?.[1] ?? "";
  const variable = variableOf(name);
  const given = environment[variable] ?? "";
  const found = given === "" ? await secrets.text(reference) : given;
  if (found === null) throw fail("secret_missing", { name, variable });
  return found;
};
