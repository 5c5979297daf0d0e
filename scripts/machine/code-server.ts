import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { basename, delimiter, dirname, join } from "node:path";
import process from "node:process";
import { folderOfCaches } from "../../server/platform/cache-folder.ts";
import { runNpm } from "./npm.ts";
import { say } from "./step.ts";

const VERSION = "4.139.1";

/** Parts of the tests that are too large to install with every clone. */
export const testCache = process.env.CODITECT_TEST_CACHE ?? join(folderOfCaches(), "coditect-agents-test");
const folder = join(testCache, `code-server-${VERSION}`);
const entryIn = (place: string) => join(place, "node_modules", "code-server", "out", "node", "entry.js");

/** The script that starts code-server: VS Code's workbench and extension host. */
export const codeServerEntry = entryIn(folder);

export const hasCodeServer = (): boolean => existsSync(codeServerEntry);

/** A folder with the headers of a Node of this machine, as `nodedir` names it; null without one. */
const headersOfTheMachine = (): string | null =>
  (process.env.PATH ?? "")
    .split(delimiter)
    .map(dirname)
    .find((place) => existsSync(join(place, "include", "node", "node_api.h"))) ?? null;

/**
 * Native parts are compiled with the headers of our Node, which node-gyp downloads. Where it cannot,
 * those of another Node do: the parts use Node-API, which is the same in every version.
 */
const install = async (says: string, place: string): Promise<void> => {
  const args = ["install", `code-server@${VERSION}`];
  try {
    await runNpm(says, place, ...args);
  } catch (error) {
    const headers = headersOfTheMachine();
    if (headers === null) throw error;
    say(`  failed; once more with the headers of Node in ${headers}`);
    await runNpm(says, place, ...args, `--nodedir=${headers}`);
  }
};

/**
 * Installs code-server in the test cache, unless it exists. It is moved there when it is complete, so
 * that an interrupted installation starts over.
 */
export const installCodeServer = async (): Promise<void> => {
  if (hasCodeServer()) return;
  await mkdir(dirname(folder), { recursive: true });
  const partial = await mkdtemp(join(dirname(folder), `.${basename(folder)}-`));
  try {
    const allowScripts = { "code-server": true, argon2: true };
    await writeFile(join(partial, "package.json"), JSON.stringify({ private: true, allowScripts }));
    const says = `Installing code-server ${VERSION} for the editor tests, once: 600 MB, a minute or two`;
    await install(says, partial);
    if (!existsSync(entryIn(partial))) throw new Error(`npm installed no ${entryIn(partial)}`);
    await rename(partial, folder).catch((error: unknown) => {
      // Another run of the tests was faster.
      if (!hasCodeServer()) throw error;
    });
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
};
