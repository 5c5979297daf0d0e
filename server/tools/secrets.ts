import { fail } from "../../schemas/errors.ts";
import { SECRET_REFERENCE } from "../../schemas/tool-definition.ts";
import type { KnownSecrets } from "../workspace/redact.ts";

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

/** Where references such as `secret:github` find their values. */
export interface SecretPlaces {
  environment: NodeJS.ProcessEnv;
  secrets: SecretTexts;
  /** Gets each value that is found, so that it is removed from what agents and people read. */
  known: KnownSecrets;
}

const variableOf = (secret: string): string => `CODITECT_SECRET_${secret.toUpperCase().replaceAll("-", "_")}`;

/**
 * The value of a reference such as `secret:github`: the environment variable `CODITECT_SECRET_GITHUB`, or else
 * the value stored with `coditect credentials set secret:github`. References cannot name keys of model
 * providers. Errors: `secret_missing`, `credentials_closed`.
 */
export const resolveSecret = async (
  reference: string,
  { environment, secrets, known }: SecretPlaces,
): Promise<string> => {
  const name = SECRET_REFERENCE.exec(reference)?.[1] ?? "";
  const variable = variableOf(name);
  const given = environment[variable] ?? "";
  const found = given === "" ? await secrets.text(reference) : given;
  if (found === null) throw fail("secret_missing", { name, variable });
  known.add(found);
  return found;
};

/** Replaces the references among the values of headers and variables. Errors: those of {@link resolveSecret}. */
export const resolveSecrets = async (
  values: Readonly<Record<string, string>>,
  places: SecretPlaces,
): Promise<Record<string, string>> => {
  const resolved: Record<string, string> = {};
  // One after the other, because the user may have to enter the passphrase of the stored secrets.
  for (const [name, value] of Object.entries(values))
    resolved[name] = SECRET_REFERENCE.test(value) ? await resolveSecret(value, places) : value;
  return resolved;
};
