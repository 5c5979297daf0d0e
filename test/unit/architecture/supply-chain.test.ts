import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "mocha";
import { z } from "zod";
import { billOfMaterials } from "../../../scripts/licences.ts";

const root = join(import.meta.dirname, "../../..");
const read = (path: string): string => readFileSync(join(root, path), "utf8");
const Lock = z.object({
  packages: z.record(
    z.string(),
    z.object({
      version: z.string().optional(),
      resolved: z.string().optional(),
      integrity: z.string().optional(),
      link: z.boolean().optional(),
      dev: z.boolean().optional(),
    }),
  ),
});
const Manifest = z.object({
  dependencies: z.record(z.string(), z.string()),
  devDependencies: z.record(z.string(), z.string()),
});

describe("every package that we install or ship", () => {
  it("comes from the npm registry and has a hash", () => {
    const { packages } = Lock.parse(JSON.parse(read("package-lock.json")));
    const odd = Object.entries(packages).filter(
      ([path, { resolved = "https://registry.npmjs.org/", integrity = "", link = false }]) =>
        path !== "" &&
        (link || !integrity.startsWith("sha512-") || !resolved.startsWith("https://registry.npmjs.org/")),
    );
    assert.deepEqual(odd, []);
  });

  it("is named by version, and not by an address, an alias or a folder", () => {
    const { dependencies, devDependencies } = Manifest.parse(JSON.parse(read("package.json")));
    const versions = Object.entries({ ...dependencies, ...devDependencies });
    assert.deepEqual(
      versions.filter(([, version]) => !/^[~^]?\d[\w.-]*$/.test(version)),
      [],
    );
  });

  it("is listed with its version, hash, license and install scripts", () => {
    const input = "node_modules/ssh2/lib/index.js";
    const outputs = {
      "dist/a.js": { inputs: { [input]: { bytesInOutput: 1 }, "server/a.ts": { bytesInOutput: 1 } } },
    };
    const { components } = billOfMaterials([{ outputs }], { name: "a", version: "1.0.0" });
    const { packages } = Lock.parse(JSON.parse(read("package-lock.json")));
    const { version, integrity = "" } = packages["node_modules/ssh2"] ?? assert.fail();
    assert.equal(components.length, 1);
    assert.partialDeepStrictEqual(components[0], {
      name: "ssh2",
      version,
      purl: `pkg:npm/ssh2@${version}`,
      hashes: [{ alg: "SHA-512", content: Buffer.from(integrity.slice(7), "base64").toString("hex") }],
      licenses: [{ expression: "MIT" }],
      properties: [{ name: "npm:install" }],
    });
  });

  it("is built with actions that are pinned to commits, in jobs that can only read", () => {
    for (const workflow of globSync(".github/workflows/*.yml", { cwd: root })) {
      const text = read(workflow);
      for (const [, action = ""] of text.matchAll(/uses:\s*(\S+)/g))
        assert.match(action, /^\.\/|@[0-9a-f]{40}$/, `${workflow}: ${action}`);
      assert.match(text, /^permissions:\n {2}contents: read\n(?! )/m, workflow);
      assert.equal(
        text.match(/actions\/checkout@/g)?.length,
        text.match(/persist-credentials: false/g)?.length,
      );
    }
  });
});
