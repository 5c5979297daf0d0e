// Writes l10n/bundle.l10n.json: every text of the extension, its language server and the errors of the
// runtime, for translators.
// It is made whenever the extension is packaged; a translation is a file next to it, such as
// bundle.l10n.de.json. With --print it goes to standard output.
import { getL10nJson } from "@vscode/l10n-dev";
import { errorCatalogue } from "../schemas/error-catalogue.ts";
import { globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";

const root = new URL("../", import.meta.url);
const target = new URL("l10n/bundle.l10n.json", root);
const sources = ["client/**/*.ts", "schemas/*.ts", "server/surfaces/lsp/*.ts"];

/** The collector looks for calls of what was imported from `vscode`; ours is sometimes a parameter. */
const asImported = (contents) =>
  /\bl10n\.t\(/.test(contents) ? `import { l10n } from "vscode";\n${contents}` : contents;

const files = globSync(sources, { cwd: root });
const collected = await getL10nJson(
  files.map((file) => ({
    extension: ".ts",
    contents: asImported(readFileSync(new URL(file, root), "utf8")),
  })),
);
for (const { message, next } of Object.values(errorCatalogue))
  for (const said of [message, next]) if (said !== null) collected[said] = said;
const sorted = Object.fromEntries(Object.entries(collected).sort(([a], [b]) => (a < b ? -1 : 1)));
const text = `${JSON.stringify(sorted, null, 2)}\n`;

if (process.argv.includes("--print")) process.stdout.write(text);
else {
  mkdirSync(new URL(".", target), { recursive: true });
  writeFileSync(target, text);
}
