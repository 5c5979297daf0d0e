import { fail } from "../../../../schemas/errors.ts";
import type { Connection } from "../../../hosting/connection.ts";
import { ignoreRules } from "../../../workspace/ignore.ts";
import { toWorkspacePath } from "../../../workspace/paths.ts";
import type { RunFlags } from "./options.ts";

/** The files of `--allow-file`. Error: `usage` if tests cannot be allowed to read one. */
export const filesToAllow = (workspace: string, { allowFile }: Pick<RunFlags, "allowFile">): string[] => {
  const rules = ignoreRules(workspace);
  return allowFile.map((given) => {
    const path = toWorkspacePath(given);
    if (!rules.mayBeOpened(path))
      throw fail("usage", {
        problem: `--allow-file accepts only environment files in version control, such as .env.test, and ${given} is not one.`,
      });
    return path;
  });
};

/** Allows tests in this workspace to read the files of `--allow-file`, without a question. */
export const allowFiles = async (
  connection: Pick<Connection, "call">,
  workspace: string,
  flags: Pick<RunFlags, "allowFile">,
): Promise<void> => {
  for (const of of filesToAllow(workspace, flags))
    await connection.call("consents/set", { name: "file", of, given: true });
};
