import type { TestReport } from "../../../schemas/tests.ts";
import { classifyPath } from "../../workspace/classify.ts";
import { isWithin, relativePath } from "../../workspace/paths.ts";
import { isTestedWith } from "./detect-others.ts";
import { detectRunner, packagesBelow } from "./detect.ts";
import { hasTestScript } from "./package-script.ts";
import { readPackage } from "./package.ts";
import type { DetectedRunner } from "./runner.ts";

/** Folders whose packages are usually not tested with the project. */
const notOurs =
  /(^|\/)(\.?[\w-]*(fixtures?|examples?|samples?|demos?|templates?|playgrounds?|benchmarks?)|vendor|third[-_]party)(\/|$)/i;

/** The maximum number of packages that are tested in addition to the project's own command. */
const MOST_PACKAGES = 20;

/**
 * Packages of the project that its own command did not test, such as a Python service below an npm package. `own` is
 * the report of that command. Packages whose runner is not installed are left out. The result is empty if the report
 * has no names, because the command may have tested all packages.
 */
export const packagesApart = (root: string, own: TestReport): DetectedRunner[] => {
  if (own.runner === "command" || own.environment !== undefined) return [];
  const ofRoot = detectRunner(root);
  const isApart = (detected: DetectedRunner): boolean => {
    const folder = relativePath(root, detected.folder);
    const isCovered =
      own.tests.some(({ file }) => isWithin(`/${folder}`, `/${file}`)) ||
      own.parts.some(({ name }) => name.includes(` in ${folder}`)) ||
      (ofRoot !== null && isTestedWith(detected, ofRoot));
    const manifest = readPackage(detected.folder);
    const saysHow = manifest === null || hasTestScript(manifest.scripts);
    const isProjects = !notOurs.test(folder) && classifyPath(`${folder}/x`) === "source";
    return detected.program !== null && !isCovered && saysHow && isProjects;
  };
  return packagesBelow(root).filter(isApart).slice(0, MOST_PACKAGES);
};
