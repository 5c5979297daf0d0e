import { fail } from "../../schemas/errors.ts";
import { SECRET_REFERENCE } from "../../schemas/tool-definition.ts";

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
      const variable = `CODITECT_SECRET_${secret.toUpperCase().replaceAll("-", "_")}`;
      const found = environment[variable];
      if (found === undefined || found === "") throw fail("secret_missing", { name: secret, variable });
      return [name, found];
    }),
  );
