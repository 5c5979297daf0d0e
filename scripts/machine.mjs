// What the tests need on the machine besides npm packages: Debian packages (installed on Debian if root runs
// the tests), a Docker engine (started while the tests run), code-server and test runners. If a part cannot
// be installed, this file says why, and the tests that need the part are skipped with that reason.
import { installCodeServer } from "./machine/code-server.ts";
import { installPackages } from "./machine/debian.ts";
import { startDocker } from "./machine/docker.ts";
import { installMonorepos } from "./machine/monorepos.ts";
import { say } from "./machine/step.ts";
import { installTestRunners } from "./machine/test-runners.ts";

/** All parts, in the order of installation. A part may need the parts before it. */
const parts = {
  /** Debian packages, except those of the editor. */
  programs: () => installPackages("processes"),
  docker: startDocker,
  editor: async () => {
    await installPackages("editor");
    await installCodeServer();
  },
  testRunners: installTestRunners,
  monorepos: installMonorepos,
};

/**
 * Starts to install what these suites need, one part after the other. `ready` resolves when every part that a
 * suite needs is installed or has failed. `problems` lists the failures as texts. `release` waits for the
 * current part and frees what was started.
 */
export const provideMachine = (suites) => {
  const problems = [];
  const started = [];
  let released = false;
  const attempt = async (name) => {
    if (released) return;
    try {
      const stop = await parts[name]();
      if (stop !== undefined) started.push(stop);
    } catch (error) {
      problems.push(error.message);
      say(error.message);
    }
  };
  const provided = new Map();
  let last = Promise.resolve();
  for (const name of Object.keys(parts).filter((part) => suites.some(({ needs }) => needs.includes(part)))) {
    last = last.then(() => attempt(name));
    provided.set(name, last);
  }
  return {
    problems,
    ready: ({ needs }) => Promise.all(needs.map((name) => provided.get(name))),
    release: async () => {
      released = true;
      await last;
      for (const stop of started) await stop();
    },
  };
};

// `node scripts/machine.mjs editor` installs what that suite needs and does not run tests.
if (import.meta.main) {
  const { suites } = await import("./suites.mjs");
  const chosen = suites.filter(({ name }) => process.argv.slice(2).includes(name));
  const { problems, ready, release } = provideMachine(chosen);
  await Promise.all(chosen.map(ready));
  await release();
  process.exitCode = problems.length > 0 ? 1 : 0;
}
