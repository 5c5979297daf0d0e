// License texts of the bundled packages. Permissive licenses require them in every copy.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, sep } from "node:path";
import { z } from "zod";

/** The part of esbuild's metafile that this file reads. */
interface Metafile {
  outputs: Record<string, { inputs: Record<string, { bytesInOutput: number }> }>;
}

/** `package.json` of a package. */
const Manifest = z.object({
  name: z.string(),
  version: z.string(),
  license: z.string().optional(),
  /** The format of old packages. */
  licenses: z.array(z.object({ type: z.string() })).default([]),
  scripts: z.record(z.string(), z.string()).default({}),
});
const licenceOf = ({ license, licenses }: z.infer<typeof Manifest>): string => {
  const named = license ?? licenses.map(({ type }) => type).join(" OR ");
  return named === "" ? "UNKNOWN" : named;
};
const Versioned = z.object({ version: z.unknown().optional() });
const Lock = z.object({ packages: z.record(z.string(), z.object({ integrity: z.string().optional() })) });

const parse = <Shape extends z.ZodType>(shape: Shape, file: string): z.infer<Shape> =>
  shape.parse(JSON.parse(readFileSync(file, "utf8")));

/** The package that contains an input of esbuild: the folder of its package.json. */
const packageOf = (input: string): string | null => {
  for (let folder = dirname(input); folder.includes("node_modules"); folder = dirname(folder)) {
    const file = join(folder, "package.json");
    if (existsSync(file) && parse(Versioned, file).version !== undefined) return folder;
  }
  return null;
};

const textOf = (folder: string): string | null => {
  const file = readdirSync(folder).find((name) => /^(licen[cs]e|copying)/i.test(name));
  return file === undefined ? null : readFileSync(join(folder, file), "utf8").trim();
};

/** The folders of all packages in these metafiles. */
const packagesIn = (metafiles: readonly Metafile[]): string[] => {
  const inputs = metafiles.flatMap((metafile) =>
    Object.values(metafile.outputs).flatMap((output) =>
      Object.entries(output.inputs)
        .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
        .map(([input]) => input.split("/").join(sep)),
    ),
  );
  return [...new Set(inputs.map(packageOf))].filter((folder) => folder !== null).sort();
};

/** The scripts that npm would run when it installs a package. */
const installScripts = ["preinstall", "install", "postinstall"];

/** The hash of a package's archive, as npm checked it when it installed the package. */
const hashOf = (folder: string): string => {
  const { packages } = parse(Lock, "package-lock.json");
  const { integrity } = packages[folder.split(sep).join("/")] ?? {};
  if (integrity?.startsWith("sha512-") !== true)
    throw new Error(`package-lock.json has no hash of ${folder}`);
  return Buffer.from(integrity.slice("sha512-".length), "base64").toString("hex");
};

/**
 * A bill of materials of the shipped packages, in CycloneDX format. Spec:
 * https://cyclonedx.org/docs/1.6/json/
 */
export const billOfMaterials = (
  metafiles: readonly Metafile[],
  { name, version }: { name: string; version: string },
) => ({
  bomFormat: "CycloneDX",
  specVersion: "1.6",
  version: 1,
  metadata: { component: { type: "application", name, version } },
  components: packagesIn(metafiles).map((folder) => {
    const manifest = parse(Manifest, join(folder, "package.json"));
    const { name, version, scripts } = manifest;
    const installs = installScripts.filter((script) => script in scripts);
    return {
      type: "library",
      name,
      version,
      hashes: [{ alg: "SHA-512", content: hashOf(folder) }],
      purl: `pkg:npm/${name.replace("@", "%40")}@${version}`,
      licenses: [{ expression: licenceOf(manifest) }],
      // npm does not install bundled code, so these scripts never run on a user's machine.
      ...(installs.length > 0 && {
        properties: installs.map((script) => ({ name: `npm:${script}`, value: scripts[script] })),
      }),
    };
  }),
});

/** One text with the licenses of all packages in these metafiles. */
export const licenceTexts = (metafiles: readonly Metafile[]): string => {
  const sections = packagesIn(metafiles).map((folder) => {
    const manifest = parse(Manifest, join(folder, "package.json"));
    const text = textOf(folder) ?? `Licence: ${licenceOf(manifest)}`;
    return `${manifest.name} ${manifest.version}\n${"-".repeat(72)}\n${text}\n`;
  });
  return `CODITECT Agents contains these packages.\n\n${sections.join("\n")}`;
};
