import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { readSettingFile } from "../../workspace/git.ts";
import { relativePath } from "../../workspace/paths.ts";
import {
  isPnpFile,
  pnpPackages,
  pnpStores,
  pnpWorkspaces,
  readPnpFile,
  relocatedPnp,
} from "../../workspace/pnp.ts";
import { readFolder } from "../../workspace/walk.ts";
import { exists } from "../../workspace/file-access.ts";
import type { PrivateCopy } from "./copy.ts";
import { makeLinks, makeOwnFile, type Links } from "./links.ts";

/** Copies the Plug'n'Play files of `source` to `target`, and changes the locations of packages to match. */
export const placePnp = (copy: PrivateCopy, source: string, target: string): void => {
  for (const { name } of readFolder(source).filter((entry) => entry.isFile() && isPnpFile(entry.name))) {
    const text = relocatedPnp(readFileSync(join(source, name), "utf8"), source, target);
    makeOwnFile(join(target, name), { text, executable: false });
  }
  copy.dependencies.push(...pnpStores(source));
  const places = pnpWorkspaces(target).filter((place) => exists(join(place, "package.json")));
  for (const place of places) {
    const isInstalled = exists(join(source, relativePath(target, place), "node_modules"));
    if (!isInstalled) makeLinks(join(place, "node_modules"), new Map([[".bin", programsOf(target, place)]]));
  }
};

const Manifest = z.object({
  name: z.string().catch(""),
  bin: z.union([z.string(), z.record(z.string(), z.string())]).catch({}),
});

/** The programs that yarn puts on PATH for a package's scripts. Plug'n'Play has no folder for them. */
const programsOf = (root: string, folder: string): Links => {
  const links: Links = new Map();
  const add = (name: string, script: string): void => {
    const isPath = /^[\w.-]+$/.test(name) && !script.includes("'");
    if (isPath) links.set(name, { text: `#!/bin/sh\nexec node '${script}' "$@"\n`, executable: true });
  };
  for (const place of pnpPackages(folder).values()) {
    const { name, bin } = manifestOf(place);
    const programs = typeof bin === "string" ? { [name.replace(/^@[^/]*\//, "")]: bin } : bin;
    for (const [program, script] of Object.entries(programs)) add(program, join(place, script));
  }
  const settings = readSettingFile(join(root, ".yarnrc.yml")) ?? "";
  const yarn = /^yarnPath:\s*["']?([^"'\n]+)/m.exec(settings)?.[1];
  if (yarn !== undefined) add("yarn", join(root, yarn.trim()));
  return links;
};

const manifestOf = (place: string): z.infer<typeof Manifest> => {
  const text = readPnpFile(place, "package.json")?.toString("utf8") ?? "{}";
  try {
    return Manifest.parse(JSON.parse(text));
  } catch {
    return Manifest.parse({});
  }
};
