import { pathToFileURL } from "node:url";
import type Mocha from "mocha";

export interface HostResult {
  title: string;
  /** The failure's message and stack; null when it passed. */
  error: string | null;
}

/**
 * Runs the tests of this folder in the extension host. Mocha is loaded from the repository by its
 * path, so that one bundle serves code-server and @vscode/test-electron.
 */
export const runSuite = async (): Promise<HostResult[]> => {
  const path = process.env.CODITECT_HOST_MOCHA ?? "";
  // The module at this path is Mocha's own entry.
  const loaded = (await import(pathToFileURL(path).href)) as { default: typeof Mocha };
  const mocha = new loaded.default({ ui: "bdd", timeout: 120_000, reporter: "min" });
  mocha.suite.emit("pre-require", globalThis, "", mocha);
  // Tests define themselves when they are loaded, which has to be now.
  await import("./activation.ts");
  await import("./chat.ts");
  await import("./quick-fixes.ts");
  await import("./lent-models.ts");
  await import("./transcript.ts");
  await import("./language-context.ts");
  await import("./review.ts");
  const results: HostResult[] = [];
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const runner = mocha.run(() => {
    resolve(undefined);
  });
  runner.on("pass", (test) => {
    results.push({ title: test.fullTitle(), error: null });
  });
  runner.on("fail", (test, error: Error) => {
    results.push({ title: test.fullTitle(), error: error.stack ?? error.message });
  });
  await promise;
  return results;
};

/** What @vscode/test-electron calls. */
export const run = async (): Promise<void> => {
  const failed = (await runSuite()).filter(({ error }) => error !== null);
  if (failed.length > 0)
    throw new Error(failed.map(({ title, error }) => `${title}\n${error ?? ""}`).join("\n\n"));
};
