// Licence texts of what is bundled: permissive licences ask for them in every copy.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, sep } from "node:path";

/** The package an input of esbuild belongs to: the folder of its package.json. */
const packageOf = (input) => {
  for (let folder = dirname(input); folder.includes("node_modules"); folder = dirname(folder)) {
    const file = join(folder, "package.json");
    if (existsSync(file) && JSON.parse(readFileSync(file, "utf8")).version !== undefined) return folder;
  }
  return null;
};

const textOf = (folder) => {
  const file = readdirSync(folder).find((name) => /^(licen[cs]e|copying)/i.test(name));
  return file === undefined ? null : readFileSync(join(folder, file), "utf8").trim();
};

/** One text with the licences of all packages that stand in these metafiles. */
export const licenceTexts = (metafiles) => {
  const inputs = metafiles.flatMap((metafile) =>
    Object.values(metafile.outputs).flatMap((output) =>
      Object.entries(output.inputs)
        .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
        .map(([input]) => input.split("/").join(sep)),
    ),
  );
  const folders = [...new Set(inputs.map(packageOf))].filter((folder) => folder !== null).sort();
  const sections = folders.map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const text = textOf(folder) ?? `Licence: ${license}`;
    return `${name} ${version}\n${"-".repeat(72)}\n${text}\n`;
  });
  return `CODITECT Agents contains these packages.\n\n${sections.join("\n")}`;
};
