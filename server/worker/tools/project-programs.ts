import { existsSync } from "node:fs";
import { join } from "node:path";
import type { PrivateCopy } from "../copy/copy.ts";

/** Test runners with a program of their own, and where a project keeps it. */
const runners = ["vitest", "jest", "mocha", "pytest"];
const places = ["node_modules/.bin", ".venv/bin", "venv/bin"];

/** The test runners a project brings with it: agents may run them beside what the policy allows. */
export const projectPrograms = (copy: PrivateCopy): string[] =>
  runners.filter((name) => places.some((place) => existsSync(join(copy.root, place, name))));
