import { z } from "zod";
import { Sha256, Timestamp } from "./primitives.ts";
import { AgentFile, TeamFile } from "./team.ts";

/** Name of the file in an npm package or a git repository. */
export const PACKAGE_FILE = "coditect.json";

/** Agents and teams as one file, to be shared: what `coditect teams export` writes. */
export const SharedPackage = z.strictObject({
  format: z.literal("coditect-package/1"),
  agents: z.array(AgentFile).max(100).default([]),
  teams: z.array(TeamFile).max(100).default([]),
});
export type SharedPackage = z.infer<typeof SharedPackage>;

/** `.coditect/imports.json`: where the files of `.coditect/` come from that were imported. */
export const Imports = z.strictObject({
  imports: z.array(
    z.strictObject({
      /** As it was given: a file, `npm:NAME@VERSION`, or a git URL. */
      source: z.string(),
      /** Of the package as it was imported. */
      sha256: Sha256,
      /** Each file by its path, with the hash that it was written with. */
      files: z.record(z.string(), Sha256),
      imported_at: Timestamp,
    }),
  ),
});
export type Imports = z.infer<typeof Imports>;
