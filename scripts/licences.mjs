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

/** Folders of all packages in these metafiles. */
const packagesIn = (metafiles) => {
  const inputs = metafiles.flatMap((metafile) =>
    Object.values(metafile.outputs).flatMap((output) =>
      Object.entries(output.inputs)
        .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
        .map(([input]) => input.split("/").join(sep)),
    ),
  );
  return [...new Set(inputs.map(packageOf))].filter((folder) => folder !== null).sort();
};

/** What npm would run when it installs a package. */
const installScripts = ["preinstall", "install", "postinstall"];

/** What ships, as a bill of materials in CycloneDX. Spec: https://cyclonedx.org/docs/1.6/json/ */
export const billOfMaterials = (metafiles, { name, version }) => ({
  bomFormat: "CycloneDX",
  specVersion: "1.6",
  version: 1,
  metadata: { component: { type: "application", name, version } },
  components: packagesIn(metafiles).map((folder) => {
    const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const { name, version, license, scripts = {} } = manifest;
    const installs = installScripts.filter((script) => script in scripts);
    return {
      type: "library",
      name,
      version,
      purl: `pkg:npm/${name.replace("@", "%40")}@${version}`,
      ...(typeof license === "string" && { licenses: [{ expression: license }] }),
      // Bundled code is not installed, so none of them runs on a user's machine.
      ...(installs.length > 0 && {
        properties: installs.map((script) => ({ name: `npm:${script}`, value: scripts[script] })),
      }),
    };
  }),
});

/** One text with the licences of all packages in these metafiles. */
export const licenceTexts = (metafiles) => {
  const sections = packagesIn(metafiles).map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const text = textOf(folder) ?? `Licence: ${license}`;
    return `${name} ${version}\n${"-".repeat(72)}\n${text}\n`;
  });
  return `CODITECT Agents contains these packages.\n\n${sections.join("\n")}`;
};
