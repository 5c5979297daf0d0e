import { createHmac, timingSafeEqual } from "node:crypto";
import { readFileSync, rmSync } from "node:fs";
import { z } from "zod";
import { Sha256 } from "../../../schemas/primitives.ts";
import type { BaseFile, PrivateCopy } from "./copy.ts";
import { writeAtomically } from "./files.ts";

const MANIFEST_VERSION = 2;

/** Each row describes a file: path, stamp of the source, stamp of the copy, hash, executable. */
const Manifest = z.strictObject({
  version: z.literal(MANIFEST_VERSION),
  source: z.string(),
  /** The authentication code. Commands of agents can write this file, but do not have the key. */
  code: z.string(),
  files: z.array(z.tuple([z.string(), z.string().nullable(), z.string().nullable(), Sha256, z.boolean()])),
});

/**
 * The content of the copy when it was last prepared, so that a worker that takes it over only compares stamps. If the
 * manifest is unreadable or belongs to another workspace, everything is copied again.
 */
export const loadManifest = (copy: PrivateCopy): Map<string, BaseFile> => {
  try {
    const manifest = Manifest.parse(JSON.parse(readFileSync(copy.manifestFile, "utf8")));
    if (manifest.source !== copy.source) return new Map();
    const given = Buffer.from(manifest.code, "hex");
    const right = Buffer.from(codeOf(copy, manifest.files), "hex");
    if (given.length !== right.length || !timingSafeEqual(given, right)) return new Map();
    return new Map(
      manifest.files.map(([path, source, own, hash, executable]) => [
        path,
        { source, copy: own, sha256: hash, executable },
      ]),
    );
  } catch {
    return new Map();
  }
};

const codeOf = (copy: PrivateCopy, files: readonly unknown[]): string =>
  createHmac("sha256", copy.key)
    .update(JSON.stringify([copy.source, files]))
    .digest("hex");

/** Writes the manifest. A copy that is being changed has none; see `dropManifest`. */
export const saveManifest = (copy: PrivateCopy): void => {
  const files = [...copy.base].map(([path, file]) => [
    path,
    file.source,
    file.copy,
    file.sha256,
    file.executable,
  ]);
  const text = JSON.stringify({
    version: MANIFEST_VERSION,
    source: copy.source,
    code: codeOf(copy, files),
    files,
  });
  writeAtomically(copy.manifestFile, Buffer.from(text), false);
};

export const dropManifest = (copy: PrivateCopy): void => {
  rmSync(copy.manifestFile, { force: true });
};
