import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { z } from "zod";
import { errorCatalogue } from "../../../schemas/error-catalogue.ts";

const root = new URL("../../../", import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), "utf8");

describe("the texts for translators", () => {
  it("are every literal that a localizer is given, in the editor and in the language server, and those of errors", () => {
    const script = new URL("scripts/export-texts.mjs", root).pathname;
    const { stdout, stderr } = spawnSync(process.execPath, [script, "--print"], { encoding: "utf8" });
    assert.equal(stderr, "");
    const texts = z.record(z.string(), z.string()).parse(JSON.parse(stdout));
    const literals = globSync(["client/**/*.ts", "server/surfaces/lsp/*.ts"], { cwd: root.pathname }).flatMap(
      (file) => [...read(file).matchAll(/l10n\.t\(\s*"((?:[^"\\]|\\.)*)"/g)].map(([, text = ""]) => text),
    );
    assert.ok(literals.length > 100);
    assert.ok(texts[errorCatalogue.internal.message]);
    assert.deepEqual(
      literals.filter((text) => texts[z.string().parse(JSON.parse(`"${text}"`))] === undefined),
      [],
    );
  });

  it("ship with the extension", () => {
    assert.match(read(".vscodeignore"), /^!l10n\/\*\*$/m);
    assert.equal(z.object({ l10n: z.string() }).parse(JSON.parse(read("package.json"))).l10n, "./l10n");
  });
});
