import type { TestRunner } from "../../../schemas/tests.ts";
import { relativePath } from "../../workspace/paths.ts";
import { detectRunner, detectSuite, looseTests } from "./detect.ts";
import type { EnvironmentProblem } from "./broken-toolchain.ts";
import { missingProgram, notInstalled } from "./environment.ts";
import { readPackage } from "./package.ts";
import type { DetectedRunner } from "./runner.ts";

/** How a package of a project is tested, determined without running anything. */
export interface PackageTests {
  /** The path relative to the project; empty for the project itself. */
  folder: string;
  runner: TestRunner;
  /** The file that names the runner, relative to the project; null if the language provides it. */
  source: string | null;
  /** The script or command that runs as a whole, as a person types it; null if the runner is called directly. */
  command: string | null;
  problem: EnvironmentProblem | null;
}

/** How each package of the project is tested. Empty if nothing says so and there are no tests. */
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

/** Reports dependencies of the manifest that are not installed; null if all are. */
const missingDependencies = (folder: string): EnvironmentProblem | null => {
  const manifest = readPackage(folder);
  if (manifest === null) return null;
  return notInstalled(folder, [
    ...Object.keys(manifest.dependencies),
    ...Object.keys(manifest.devDependencies),
  ]);
};
