import assert from "node:assert/strict";
import { join } from "node:path";
import {
  pnpOptions,
  pnpPackages,
  pnpRoot,
  pnpStores,
  pnpWorkspaces,
  relocatedPnp,
} from "../../../server/workspace/pnp.ts";
import { testWorkspace, type TestWorkspace } from "../../support/workspace.ts";

const archive = ".yarn/cache/tool-npm-1.zip/node_modules/tool/";
const packages = [
  [null, [[null, { packageLocation: "./", packageDependencies: [], linkType: "SOFT" }]]],
  [
    "shop",
    [["workspace:.", { packageLocation: "./", packageDependencies: [["tool", "npm:1"]], linkType: "SOFT" }]],
  ],
  [
    "it's-cart",
    [
      [
        "workspace:packages/cart",
        {
          packageLocation: "./packages/cart/",
          packageDependencies: [
            ["other-name", ["shop", "workspace:."]],
            ["missing-peer", null],
          ],
          linkType: "SOFT",
        },
      ],
    ],
  ],
  [
    "tool",
    [
      ["npm:1", { packageLocation: `./${archive}`, packageDependencies: [], linkType: "HARD" }],
      [
        "virtual:abc#npm:1",
        {
          packageLocation: "./.yarn/__virtual__/tool-virtual-abc/0/cache/tool-npm-1.zip/node_modules/tool/",
          packageDependencies: [],
          linkType: "HARD",
        },
      ],
    ],
  ],
];
const data = JSON.stringify({ packageRegistryData: packages }, null, 2);
/** The data as yarn writes it into the script. */
const script = `"use strict";\nconst RAW_RUNTIME_STATE =\n'${data
  .replaceAll("\\", "\\\\")
  .replaceAll("'", "\\'")
  .replaceAll("\n", "\\\n")}';\n`;

describe("the data of yarn's Plug'n'Play", () => {
  let workspace: TestWorkspace;

  afterEach(() => workspace.remove());

  const forms: [string, Record<string, string>][] = [
    ["in the script", { ".pnp.cjs": script }],
    ["in a file of its own", { ".pnp.cjs": "throw new Error('It is never run.');", ".pnp.data.json": data }],
  ];
  for (const [what, files] of forms) {
    it(`names workspaces and packages, ${what}`, async () => {
      workspace = await testWorkspace({ ...files, "packages/cart/src/a.js": "" });
      const { root } = workspace;
      assert.deepEqual(pnpWorkspaces(root), [root, join(root, "packages/cart")]);
      assert.deepEqual(
        [...pnpPackages(join(root, "packages/cart/src"))],
        [
          ["other-name", root],
          ["tool", join(root, archive.slice(0, -1))],
        ],
      );
    });
  }

  it("is that of the nearest project, and not that of a project around another", async () => {
    workspace = await testWorkspace({
      ".pnp.cjs": script,
      "packages/cart/a.js": "",
      "other/package-lock.json": "{}",
      "other/src/a.js": "",
    });
    const { root } = workspace;
    assert.equal(pnpRoot(join(root, "packages/cart")), root);
    assert.equal(pnpRoot(join(root, "other/src")), null);
    assert.equal(pnpOptions(join(root, "other/src")), null);
  });

  it("gives Node the script, and the loader where there is one", async () => {
    workspace = await testWorkspace({ ".pnp.cjs": script });
    const { root } = workspace;
    assert.equal(pnpOptions(root), `--require "${root}/.pnp.cjs"`);
    await workspace.write(".pnp.loader.mjs", "");
    assert.equal(
      pnpOptions(root),
      `--require "${root}/.pnp.cjs" --experimental-loader file://${root}/.pnp.loader.mjs`,
    );
  });

  it("opens no folder that is no store of packages", async () => {
    const elsewhere = packages.map(([name, references]) => [
      name,
      JSON.parse(JSON.stringify(references).replaceAll("./.yarn/cache", "../../etc")) as unknown,
    ]);
    workspace = await testWorkspace({
      ".pnp.cjs": "",
      ".pnp.data.json": JSON.stringify({ packageRegistryData: elsewhere }),
      ".yarn/cache/tool-npm-1.zip": "",
    });
    assert.deepEqual(pnpStores(workspace.root), [join(workspace.root, ".yarn/cache")]);
  });
});

describe("the stores of Plug'n'Play", () => {
  it("are no other folders of the project, whatever its data says", async () => {
    const named = packages.map(([name, references]) => [
      name,
      JSON.parse(
        JSON.stringify(references).replaceAll(/\.\/\.yarn\/[^"]*\.zip/g, "./config/x.zip"),
      ) as unknown,
    ]);
    const workspace = await testWorkspace({
      ".pnp.cjs": "",
      ".pnp.data.json": JSON.stringify({ packageRegistryData: named }),
      "config/x.zip": "",
      "config/.env": "KEY=1",
    });
    try {
      assert.deepEqual(pnpStores(workspace.root), []);
    } finally {
      await workspace.remove();
    }
  });
});

describe("Plug'n'Play in a private copy", () => {
  const moved = (location: string): string =>
    relocatedPnp(`"packageLocation": "${location}"`, "/home/me/shop", "/instance/copy").slice(20, -1);

  it("names packages of the project at the same place, and archives where they are", () => {
    assert.equal(moved("./packages/cart/"), "./packages/cart/");
    assert.equal(
      moved("./.yarn/__virtual__/cart-virtual-a/1/packages/cart/"),
      "./.yarn/__virtual__/cart-virtual-a/1/packages/cart/",
    );
    assert.equal(moved(`./${archive}`), `../../home/me/shop/${archive}`);
    assert.equal(
      moved("../.yarn/berry/cache/tool-npm-1.zip/node_modules/tool/"),
      "../../home/me/.yarn/berry/cache/tool-npm-1.zip/node_modules/tool/",
    );
  });

  it("keeps the place that a package has of its own for its peers", () => {
    assert.equal(
      moved("./.yarn/__virtual__/tool-virtual-abc/0/cache/tool-npm-1.zip/node_modules/tool/"),
      `./.yarn/__virtual__/tool-virtual-abc/3/home/me/shop/${archive}`,
    );
    assert.equal(
      moved("./.yarn/__virtual__/tool-virtual-abc/2/.yarn/berry/cache/tool.zip/node_modules/tool/"),
      "./.yarn/__virtual__/tool-virtual-abc/3/home/me/.yarn/berry/cache/tool.zip/node_modules/tool/",
    );
  });
});
