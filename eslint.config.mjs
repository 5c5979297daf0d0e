import { defineConfig, globalIgnores } from "eslint/config";
import importX from "eslint-plugin-import-x";
import preferArrowFunctions from "eslint-plugin-prefer-arrow-functions";
import tseslint from "typescript-eslint";
import { importZones } from "./scripts/import-table.ts";

export default defineConfig(
  globalIgnores([
    "dist",
    "media",
    "test/fixtures",
    "test/output",
    "test/bench/node_modules",
    "evaluation",
    "node_modules",
  ]),
  tseslint.configs.strictTypeChecked,
  tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { "import-x": importX, "prefer-arrow-functions": preferArrowFunctions },
    rules: {
      "import-x/no-restricted-paths": ["error", { zones: importZones() }],
      // The benchmarks' own package.json lists what they compare with, not what they are made of.
      "import-x/no-extraneous-dependencies": ["error", { packageDir: [import.meta.dirname] }],
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-non-null-assertion": "error",
      "@typescript-eslint/no-unused-vars": ["error", { ignoreRestSiblings: true }],
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/consistent-type-assertions": ["error", { assertionStyle: "as" }],
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/switch-exhaustiveness-check": [
        "error",
        { considerDefaultExhaustiveForUnions: true },
      ],
      "no-console": "error",
      // One function style; generators, overloads and functions with a `this` stay declarations.
      "prefer-arrow-functions/prefer-arrow-functions": ["error", { returnStyle: "unchanged" }],
    },
  },
  {
    files: ["schemas/**/*.ts", "server/**/*.ts"],
    rules: {
      "no-restricted-imports": [
        "error",
        { paths: [{ name: "vscode", message: "The runtime knows no editor." }] },
      ],
    },
  },
  {
    // What a worker runs: in a container, the real user is not the one whose files these are.
    files: ["server/worker/**/*.ts", "server/workspace/**/*.ts"],
    rules: {
      "no-restricted-imports": [
        "error",
        {
          paths: [
            { name: "vscode", message: "The runtime knows no editor." },
            {
              name: "node:fs",
              importNames: ["existsSync", "accessSync", "access"],
              message: "They ask for the real user. See server/workspace/file-access.ts.",
            },
          ],
        },
      ],
    },
  },
  {
    files: ["schemas/**/*.ts"],
    rules: {
      "no-restricted-imports": [
        "error",
        { patterns: [{ regex: "^(?!zod$|\\.\\.?/)", message: "schemas/ imports zod alone." }] },
      ],
    },
  },
  { files: ["test/**/*.ts"], rules: { "@typescript-eslint/no-unused-expressions": "off" } },
  {
    files: ["**/*.{mjs,cjs}"],
    extends: [tseslint.configs.disableTypeChecked],
    rules: { "no-console": "off" },
  },
  { files: ["**/*.cjs"], rules: { "@typescript-eslint/no-require-imports": "off" } },
);
