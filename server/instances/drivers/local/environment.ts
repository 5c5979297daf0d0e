import { toolchainVariables } from "../../../workspace/toolchains.ts";

/** Variables that a worker may see: the paths of programs, language and time, and paths of toolchains. */
const allowed = new Set([
  "PATH",
  "LANG",
  "LANGUAGE",
  "TZ",
  ...toolchainVariables,
  // Without it, the editor's executable would open a window instead of starting the worker.
  "ELECTRON_RUN_AS_NODE",
  // Windows programs do not start without these.
  "SystemRoot",
  "SystemDrive",
  "ComSpec",
  "PATHEXT",
  "windir",
]);
const looksSecret = /key|token|secret|password|passwd|credential|auth/i;

/**
 * The environment of a worker: the allowed variables of the runtime, the `extra` names that the user allowed,
 * and the worker's own home and temporary folder. A name that looks like a secret never passes.
 */
export const workerEnvironment = (
  runtime: Readonly<Record<string, string | undefined>>,
  extra: readonly string[],
  own: { home: string; temporary: string },
): Record<string, string> => {
  const environment: Record<string, string> = {};
  for (const [name, value] of Object.entries(runtime)) {
    const passes = allowed.has(name) || name.startsWith("LC_") || extra.includes(name);
    if (value !== undefined && passes && !looksSecret.test(name)) environment[name] = value;
  }
  return { ...environment, HOME: own.home, TMPDIR: own.temporary, CI: "1", NO_COLOR: "1" };
};
