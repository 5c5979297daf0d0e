import { defineConfig, globalIgnores } from "eslint/config";
import importX from "eslint-plugin-import-x";
import tseslint from "typescript-eslint";

/** The import rule of ARCHITECTURE.md: who may not import whom. */
const forbidden = (target, from, except, message) => ({ target, from, except, message });
const layers = [
  forbidden("./schemas", ".", ["./schemas", "./node_modules"], "schemas/ imports zod alone."),
  forbidden("./client", "./server", [], "The client talks to the runtime over the contract only."),
  forbidden("./server", "./client", [], "The runtime knows no editor."),
  forbidden("./server/models", "./server", ["./models"], "models/ is pure: it imports schemas/ alone."),
  forbidden("./server/workspace", "./server", ["./workspace"], "workspace/ imports schemas/ alone."),
  forbidden(
    "./server/worker",
    "./server",
    ["./worker", "./workspace", "./protocol"],
    "worker/ imports schemas/, workspace/ and protocol/ alone.",
  ),
  forbidden("./server/protocol", "./server", ["./protocol"], "protocol/ imports schemas/ alone."),
  forbidden("./server/gateway/providers", "./server/store", [], "Providers never touch the store."),
  forbidden(
    "./server/store",
    "./server",
    ["./store", "./models"],
    "The store knows models and schemas alone.",
  ),
  forbidden(
    [
      "./server/models",
      "./server/store",
      "./server/teams",
      "./server/executions",
      "./server/instances",
      "./server/gateway",
      "./server/context",
      "./server/changes",
      "./server/feedback",
      "./server/worker",
      "./server/workspace",
      "./server/handlers",
    ],
    [
      "./server/surfaces/lsp/rpc.ts",
      "./server/surfaces/rest/rest.ts",
      "./server/surfaces/cli/main.ts",
      "./server/surfaces/lsp/main.ts",
      "./server/language",
      "./server/cli",
    ],
    [],
    "Below dispatch nothing knows which surface a call came from.",
  ),
];

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
    plugins: { "import-x": importX },
    rules: {
      "import-x/no-restricted-paths": ["error", { zones: layers }],
      "import-x/no-cycle": ["error", { ignoreExternal: true }],
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
