// The suites of `npm test`, in the order in which they start. As many run at once as the machine has
// processors, because tests with real processes mostly wait. Suites that need nothing on the machine come
// first: they run while the machine is prepared. Then longer suites start before shorter ones, so that no
// processor is idle while the last one ends.
import { existsSync, readdirSync } from "node:fs";

/** A command. Its exit code is the result. */
const command = (name, program, ...args) => ({ name, program, args, needs: [], mocha: false });

/** Mocha tests, with the options of `.mocharc.json`. `needs` are parts of `machine.mjs`. */
const mocha = (name, folders, needs = []) => ({
  name,
  program: "mocha",
  args: [
    ...folders.map((folder) => `${folder}/**/*.test.ts`),
    ...["--reporter", "scripts/mocha-reporter.mjs"],
  ],
  needs,
  mocha: true,
  folders,
});

/** Tests with real processes, in suites of a few minutes each. */
const areas = {
  instances: ["instances"],
  surfaces: ["surfaces"],
  teams: ["teams"],
  runners: ["runners", "proof"],
  workers: ["hooks", "tools", "worker", "workspace"],
};
const named = new Set(Object.values(areas).flat());
const otherAreas = readdirSync("test/integration").filter((area) => !named.has(area));

const integration = (name, folders, ...needs) =>
  mocha(
    name,
    folders.map((area) => `test/integration/${area}`),
    ["programs", "docker", ...needs],
  );

export const suites = [
  command("lint", "eslint", "--max-warnings", "0", "."),
  mocha("unit", ["test/unit"]),
  command("types", "tsc", "-p", "."),
  command("format", "prettier", "--check", "--log-level", "warn", "."),
  mocha("editor", ["test/editor"], ["programs", "editor"]),
  integration("instances", areas.instances),
  integration("surfaces", areas.surfaces),
  integration("teams", areas.teams),
  integration("runtime", otherAreas),
  integration("runners", areas.runners, "testRunners", "monorepos"),
  integration("workers", areas.workers),
  mocha("security", ["test/security"], ["programs", "docker"]),
].filter(({ folders = [] }) => folders.every((folder) => existsSync(folder)));

/** Names for several suites. */
export const groups = {
  /** Suites that finish within a minute or two. */
  "--quick": ["lint", "types", "unit"],
  integration: [...Object.keys(areas), "runtime"],
};
