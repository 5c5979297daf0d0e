import { chmod, cp, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AIProvider } from "../../schemas/agent.ts";
import { fail } from "../../schemas/errors.ts";
import { shippedPath } from "../platform/installation.ts";
import { loadScript, type RehearsalScript } from "./script.ts";
import { REHEARSAL_MODEL, type RehearsalServer, startRehearsal } from "./server.ts";

/** Workflows of the bundled scripts; each shows its team on the bundled sample project. */
export const rehearsedWorkflows = ["tdd", "bug-fix", "architecture", "review"] as const;

/** The script that plays this workflow. Throws `usage` where there is none. */
export const builtInScript = (workflow: string): Promise<RehearsalScript> => {
  const name = rehearsedWorkflows.find((known) => known === workflow);
  if (name === undefined) {
    const names = rehearsedWorkflows.join(", ");
    throw fail("usage", { problem: `There is no rehearsal of ${workflow}. There are: ${names}.` });
  }
  return loadScript(shippedPath("media", "rehearsal", `${name}.json`));
};

/** Starts the model that plays every bundled workflow. */
export const startBuiltInRehearsal = async (): Promise<RehearsalServer> =>
  startRehearsal(await Promise.all(rehearsedWorkflows.map(builtInScript)));

/** How an agent asks it: through the ordinary Ollama provider. */
export const rehearsalProvider = (server: Pick<RehearsalServer, "endpoint">): AIProvider => ({
  Ollama: { model: REHEARSAL_MODEL, endpoint: server.endpoint },
});

/** Copies the sample project into a new folder of the system's temporary ones; returns its path. */
export const copySample = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), "coditect-sample-"));
  await cp(shippedPath("media", "sample"), folder, { recursive: true });
  // A container reads the workspace as another user, and nothing in the sample is secret.
  await chmod(folder, 0o755);
  return folder;
};
