// What the tests need of the machine besides npm packages: Debian packages (installed if this is
// Debian and root runs it), a Docker engine (started for as long as the tests run), code-server and
// test runners. Where one cannot be installed, this says why; the tests that need it are skipped with
// that reason.
import { installCodeServer } from "./machine/code-server.ts";
import { installPackages, isDebianRoot } from "./machine/debian.ts";
import { startDocker } from "./machine/docker.ts";
import { say } from "./machine/step.ts";
import { installMonorepos } from "./machine/monorepos.ts";
import { installTestRunners } from "./machine/test-runners.ts";

/**
 * Provides what these suites need. Resolves with what could not be had, in words, and with how to
 * give back what was started.
 */
export const provideMachine = async (suites) => {
  const problems = [];
  const attempt = async (provide) => {
    try {
      return await provide();
    } catch (error) {
      problems.push(error.message);
      say(error.message);
    }
  };
  if (isDebianRoot()) await attempt(() => installPackages(suites));
  if (suites.includes("editor")) await attempt(installCodeServer);
  if (["integration", "workers"].some((name) => suites.includes(name))) {
    await attempt(installTestRunners);
    await attempt(installMonorepos);
  }
  const usesDocker = ["integration", "workers", "instances", "security"].some((name) =>
    suites.includes(name),
  );
  const stopDocker = usesDocker ? await attempt(startDocker) : undefined;
  return { problems, release: async () => stopDocker?.() };
};

// `node scripts/machine.mjs editor` provides it and leaves the tests for later.
if (import.meta.main) {
  const { problems, release } = await provideMachine(process.argv.slice(2));
  await release();
  process.exitCode = problems.length > 0 ? 1 : 0;
}
