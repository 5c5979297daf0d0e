import type { TestRunner } from "../../../schemas/tests.ts";
import { relativePath } from "../../workspace/paths.ts";
import { detectRunner, detectSuite, looseTests } from "./detect.ts";
import type { EnvironmentProblem } from "./broken-toolchain.ts";
import { missingProgram, notInstalled } from "./environment.ts";
import { readPackage } from "./package.ts";
import type { DetectedRunner } from "./runner.ts";

/** How a package of a project is tested, as far as that shows without running anything. */
export interface PackageTests {
  /** Relative to the project; empty for itself. */
  folder: string;
  runner: TestRunner;
  /** The file that says so, relative to the project; null: the language brings the runner along. */
  source: string | null;
  /** The script or command that is run whole, as a person types it; null: the runner is called alone. */
  command: string | null;
  problem: EnvironmentProblem | null;
}

/** How each package of the project is tested; empty: nothing in it says so, and no test is there. */
export const testsOfProject = (root: string): PackageTests[] => {
  const suite = detectSuite(root);
  if (suite.length > 0) return suite.map((detected) => describe(root, detected));
  const [first] = looseTests(root);
  const detected = first === undefined ? null : detectRunner(root, first);
  return first === undefined || detected === null ? [] : [{ ...describe(root, detected), source: first }];
};

const describe = (root: string, detected: DetectedRunner): PackageTests => {
  const { runner, folder, source, script, program } = detected;
  const place = relativePath(root, folder);
  const isMissing = program === null && runner !== "command";
  return {
    folder: place,
    runner,
    source: source === undefined ? null : [place, source].filter((part) => part !== "").join("/"),
    command: runner === "command" ? script.args.join(" ") : null,
    problem: isMissing ? missingProgram(detected) : missingDependencies(folder),
  };
};

/** What the package's manifest names and is not there; null: nothing. */
const missingDependencies = (folder: string): EnvironmentProblem | null => {
  const manifest = readPackage(folder);
  if (manifest === null) return null;
  return notInstalled(folder, [
    ...Object.keys(manifest.dependencies),
    ...Object.keys(manifest.devDependencies),
  ]);
};
