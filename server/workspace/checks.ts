import { basename } from "node:path";

/** Steps of a test script that check the code's style or its types, and create nothing that tests need. */

/** Programs that only check. Python's are among them. */
const checkers = new Set(
  (
    "eslint oxlint prettier xo standard ts-standard tslint biome stylelint dprint knip depcheck attw publint echo tsd " +
    "dtslint svelte-check cspell commitlint ls-lint markdownlint markdownlint-cli2 npm-package-json-lint " +
    "ruff flake8 mypy pyright black isort pylint"
  ).split(" "),
);
const compilers = new Set(["tsc", "tsgo", "vue-tsc", "glint"]);

/** Words before the program that a command really starts. */
const wrapper =
  /^(npx|bunx|pnpx|cross-env|env|npm|pnpm|yarn|bun|exec|dlx|run|x|uv|poetry|pdm|python[\d.]*|-\S+|[A-Za-z_]\w*=.*)$/s;

/** The name of the program that a command starts. Null: a file of the project that Node runs. */
const programOf = (words: readonly string[]): string | null => {
  const [first = "", second = ""] = words.filter((word) => !wrapper.test(word));
  const path = first === "node" ? second : first;
  if (first === "node" && !path.includes("node_modules")) return null;
  return basename(path).replace(/\.[cm]?js$|@[\w.^~-]+$/, "");
};

/** Whether a command only checks, by the program that it starts. One whose output goes into a file may create it. */
export const judges = (words: readonly string[], text: string): boolean => {
  if (/(?<![=-])>/.test(text)) return false;
  const program = programOf(words);
  if (program === null) return false;
  if (compilers.has(program)) return words.includes("--noEmit");
  return checkers.has(program) || program === "audit";
};

/** Names that scripts which check have by convention. */
const checkName = /^(lint|format|type-?check|check-types)(:\S+)?$/i;
const starter = /^(npm|pnpm|yarn|bun|run-[sp]|npm-run-all2?|turbo|nx|lerna|wireit|deno)$/;

/** Whether a command starts only scripts that check by their whole names: `pnpm lint`, not `npm run lint-and-build`. */
export const startsCheck = (words: readonly string[]): boolean => {
  const [program = "", ...rest] = words;
  const names = rest.filter((word) => !/^(run|run-many|exec|-\S*)$/.test(word));
  return starter.test(program) && names.length > 0 && names.every((name) => checkName.test(name));
};
