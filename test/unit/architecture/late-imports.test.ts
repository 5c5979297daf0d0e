import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { findPackageJSON } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";

const root = join(import.meta.dirname, "..", "..", "..");
/** Late imports that take names out of a package at once. */
const taken = /\{([^{}]*)\} =\s+await import\(\s*"([^".][^"]*)",?\s*\)/g;
const Manifest = z.object({ type: z.string().optional() });

const isModule = (name: string): boolean => {
  const file = fileURLToPath(import.meta.resolve(name));
  if (/\.[cm]js$/.test(file)) return file.endsWith(".mjs");
  const manifest = findPackageJSON(name, import.meta.url);
  return (
    manifest !== undefined && Manifest.parse(JSON.parse(readFileSync(manifest, "utf8"))).type === "module"
  );
};

describe("packages that are imported late", () => {
  it("are asked only for `default` where they are CommonJS: a bundle has no other name of theirs", () => {
    const wrong: string[] = [];
    let seen = 0;
    for (const path of globSync("{server,client,schemas}/**/*.ts", { cwd: root }))
      for (const [, names = "", name = ""] of readFileSync(join(root, path), "utf8").matchAll(taken)) {
        // The keychain's package is native: it is not bundled.
        if (name.startsWith("node:") || name === "@napi-rs/keyring") continue;
        seen += 1;
        if (!/^\s*default\b/.test(names) && !isModule(name)) wrong.push(`${path}: ${name}`);
      }
    assert.ok(seen > 3, "late imports were found");
    assert.deepEqual(wrong, []);
  });
});
