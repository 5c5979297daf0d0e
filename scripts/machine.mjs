// What the tests need of the machine besides npm packages: Debian packages (installed if this is
// Debian and root runs it), a Docker engine (started for as long as the tests run), code-server and
// test runners. Where one cannot be installed, this says why; the tests that need it are skipped with
// that reason.
import { installCodeServer } from "./machine/code-server.ts";
import { installPackages } from "./machine/debian.ts";
import { startDocker } from "./machine/docker.ts";
import { installMonorepos } from "./machine/monorepos.ts";
import { say } from "./machine/step.ts";
import { installTestRunners } from "./machine/test-runners.ts";

/** Each part, in the order in which they are provided: one may need those before it. */
const parts = {
  /** Debian packages, except those of the editor. */
  programs: () => installPackages("processes"),
  docker: startDocker,
  testRunners: installTestRunners,
  monorepos: installMonorepos,
  editor: async () => {
    await installPackages("editor");
    await installCodeServer();
  },
};

/**
 * Starts to provide what these suites need, one part after the other. `ready` resolves once each part that a
 * suite needs is there or has failed. `problems` lists in words what could not be had. `release` waits for the
 * part that is being provided and gives back what was started.
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

// `node scripts/machine.mjs editor` provides what that suite needs and leaves the tests for later.
if (import.meta.main) {
  const { suites } = await import("./suites.mjs");
  const chosen = suites.filter(({ name }) => process.argv.slice(2).includes(name));
  const { problems, ready, release } = provideMachine(chosen);
  await Promise.all(chosen.map(ready));
  await release();
  process.exitCode = problems.length > 0 ? 1 : 0;
}
