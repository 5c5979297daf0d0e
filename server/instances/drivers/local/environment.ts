import { toolchainVariables } from "../../../workspace/toolchains.ts";

/** Variables a worker may see: where programs are, language and time, and where toolchains live. */
const allowed = new Set([
  "PATH",
  "LANG",
  "LANGUAGE",
  "TZ",
  ...toolchainVariables,
  // Without it the editor's own executable would open a window instead of the worker.
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
 * The environment of a worker: an allow-list of the runtime's own, `extra` names the user allowed,
 * a home and a temporary folder of its own. No name that looks like a secret passes, whoever asks.
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
