import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { basename, delimiter, dirname, join } from "node:path";
import process from "node:process";
import { testCache } from "./code-server.ts";
import { npmEnvironment, runNpm } from "./npm.ts";
import { runStep } from "./step.ts";

/** Package managers, and tools that run the scripts of many packages. */
const tools = {
  nx: "24.0.6",
  pnpm: "12.21.0",
  turbo: "2.11.11",
  yarn: "1.22.22",
};

const toolsFolder = join(testCache, "monorepo-tools-2");
/** Its program is called `yarn` as well. */
const yarn4Folder = join(testCache, "monorepo-yarn4-1");
const folder = join(testCache, "monorepos-1");
/** The tools as packages: what lies next to this folder finds them, as if they were installed above it. */
export const monorepoTools = join(toolsFolder, "node_modules");

/** A monorepo of two packages, of which `app` uses `core` by its name, as its package manager installs it. */
export interface Monorepo {
  /** Files besides those that all have. */
  files: Record<string, string>;
  /** Fields of the root's manifest, and of each package's. */
  root?: Record<string, unknown>;
  package?: Record<string, unknown>;
  /** How a package names one beside it. */
  sibling: string;
  /** The folder that is opened: the root, or one package alone. */
  opened: "" | "packages/app";
  /** Words that install it, the program first; a program of the tools, or npm. */
  install: readonly [string, ...string[]];
}

const yarn4 = (lines: string): Record<string, string> => ({
  ".yarnrc.yml": `enableTelemetry: false\nenableGlobalCache: false\nyarnPath: .yarn/releases/yarn.cjs\n${lines}`,
  "yarn.lock": "",
});
const byYarn4 = { test: "yarn workspaces foreach -A run test" };
const withMocha = { scripts: { test: "mocha" }, devDependencies: { mocha: "11.7.5" } };
const npmInstall = ["npm", "install", "--offline"] as const;

export const monorepos: Readonly<Record<string, Monorepo>> = {
  npm: {
    files: {},
    root: { scripts: { test: "npm test --workspaces" } },
    sibling: "1.0.0",
    opened: "",
    install: npmInstall,
  },
  pnpm: {
    files: { "pnpm-workspace.yaml": 'packages:\n  - "packages/*"\n' },
    root: { scripts: { test: "pnpm -r test" }, workspaces: undefined },
    sibling: "workspace:*",
    opened: "",
    install: ["pnpm", "install", "--offline", "--no-frozen-lockfile"],
  },
  "yarn 1": {
    files: {},
    root: { scripts: { test: "yarn workspaces run test" } },
    sibling: "1.0.0",
    opened: "packages/app",
    install: ["yarn", "install", "--offline"],
  },
  "yarn 4 with node_modules": {
    files: yarn4("nodeLinker: node-modules\n"),
    root: { scripts: byYarn4 },
    sibling: "workspace:*",
    opened: "packages/app",
    install: ["yarn4", "install"],
  },
  "yarn 4 with Plug'n'Play, zero-install": {
    files: yarn4(""),
    root: { scripts: byYarn4 },
    package: withMocha,
    sibling: "workspace:*",
    opened: "",
    install: ["yarn4", "install"],
  },
  "yarn 4 with Plug'n'Play and its data in a file": {
    files: { ...yarn4("pnpEnableInlining: false\n"), ".gitignore": ".pnp.*\n.yarn/cache\n.yarn/*.gz\n" },
    root: {},
    package: withMocha,
    sibling: "workspace:*",
    opened: "packages/app",
    install: ["yarn4", "install"],
  },
  nx: {
    files: { "nx.json": "{}" },
    root: { scripts: { test: "nx run-many -t test" } },
    sibling: "1.0.0",
    opened: "",
    install: npmInstall,
  },
  turborepo: {
    files: { "turbo.json": '{"tasks":{"test":{}}}' },
    root: { scripts: { test: "turbo run test" }, packageManager: "npm@11.0.0" },
    sibling: "1.0.0",
    opened: "",
    install: npmInstall,
  },
};

/** Where the installed monorepos are; null: they are not there. */
export const monorepoFolder = (): string | null => (existsSync(folder) ? folder : null);

/** Installs the tools and each monorepo in the test cache, unless they are there. */
export const installMonorepos = async (): Promise<void> => {
  await inPlace(toolsFolder, async (partial) => {
    await writeFile(join(partial, "package.json"), JSON.stringify({ private: true, dependencies: tools }));
    await runNpm("Installing tools of monorepos for the integration tests, once: 200 MB", partial, "install");
  });
  await inPlace(yarn4Folder, async (partial) => {
    await writeFile(join(partial, "package.json"), '{"private":true}');
    await runNpm(
      "Installing yarn 4 for the integration tests, once",
      partial,
      "install",
      "@yarnpkg/cli-dist@4.18.1",
    );
  });
  await inPlace(folder, async (partial) => {
    for (const [name, monorepo] of Object.entries(monorepos))
      await installOne(name, monorepo, join(partial, name));
  });
};

/** Makes a folder of the cache, unless it is there; it comes to its place whole. */
const inPlace = async (place: string, make: (partial: string) => Promise<void>): Promise<void> => {
  if (existsSync(place)) return;
  await mkdir(dirname(place), { recursive: true });
  const partial = await mkdtemp(join(dirname(place), `.${basename(place)}-`));
  try {
    await make(partial);
    await rename(partial, place).catch((error: unknown) => {
      // Another run of the tests was faster.
      if (!existsSync(place)) throw error;
    });
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
};

const installOne = async (name: string, monorepo: Monorepo, place: string): Promise<void> => {
  await writeMonorepo(place, monorepo);
  const yarn = join(yarn4Folder, "node_modules/@yarnpkg/cli-dist/bin/yarn.js");
  if (monorepo.install[0] === "yarn4") await cp(yarn, join(place, ".yarn/releases/yarn.cjs"));
  const [program, ...args] = monorepo.install;
  const environment = npmEnvironment(process.env);
  await runStep({
    says: `Installing a monorepo of ${name}`,
    program: program === "yarn4" ? process.execPath : program,
    args: program === "yarn4" ? [yarn, ...args] : args,
    folder: place,
    environment: {
      ...environment,
      PATH: [join(monorepoTools, ".bin"), environment.PATH ?? ""].join(delimiter),
      YARN_ENABLE_IMMUTABLE_INSTALLS: "false",
      CI: "",
    },
  });
};

const writeMonorepo = async (place: string, monorepo: Monorepo): Promise<void> => {
  const packaged = { version: "1.0.0", scripts: { test: "node --test" }, ...monorepo.package };
  const files: Record<string, string> = {
    "package.json": JSON.stringify({
      name: "shop",
      private: true,
      workspaces: ["packages/*"],
      ...monorepo.root,
    }),
    "packages/core/package.json": JSON.stringify({ name: "@shop/core", ...packaged }),
    "packages/core/index.js": "exports.add = (a, b) => a + b;\n",
    "packages/app/package.json": JSON.stringify({
      name: "@shop/app",
      ...packaged,
      dependencies: { "@shop/core": monorepo.sibling },
    }),
    "packages/app/index.js": "exports.total = () => 0;\n",
    ...monorepo.files,
  };
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(place, path)), { recursive: true });
    await writeFile(join(place, path), text);
  }
};
