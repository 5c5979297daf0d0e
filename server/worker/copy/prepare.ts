import {
  constants,
  copyFileSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { setTimeout } from "node:timers/promises";
import { withoutByteOrderMark } from "../../../schemas/plain-text.ts";
import type { FileChange } from "../../../schemas/changes.ts";
import type { TestLayout } from "../../../schemas/test-layout.ts";
import type { Overlay } from "../../../schemas/run.ts";
import type { WorkerParams, WorkerResult } from "../../../schemas/worker.ts";
import { decodeText, encodeText, type TextEncoding } from "../../workspace/encoding.ts";
import { ignoreRules } from "../../workspace/ignore.ts";
import { pacer } from "../../workspace/pace.ts";
import { isWithin, relativePath } from "../../workspace/paths.ts";
import { outerPnpRoot, PNP_SCRIPT } from "../../workspace/pnp.ts";
import { readTextIfPossible, testLayoutOf } from "../../workspace/test-layout.ts";
import { readFolder, walkWorkspace, type FolderListing } from "../../workspace/walk.ts";
import { copyBuilt, type LeftOut } from "./built.ts";
import { closedBy, originalOf, recordChange, type BaseFile, type PrivateCopy } from "./copy.ts";
import { linkDependencies, linkOuterDependencies, unreachedPackages } from "./dependencies.ts";
import { linkOuterEnvironment, OUTER_ENVIRONMENT } from "./environment.ts";
import { isFree, ownEntries, placeFile, remove, sha256, writeChange } from "./files.ts";
import { makeLink } from "./links.ts";
import { placePnp } from "./pnp.ts";
import { copySurroundings } from "./surroundings.ts";
import { dropManifest, loadManifest, saveManifest } from "./manifest.ts";
import { resetTemporary } from "./reset-temporary.ts";
import { CLOCK_TICK_MS, isExecutable, isSettled, stampOf, statFile } from "./stamp.ts";

/**
 * Makes the copy equal to its source with `overlays` on top and `changes` applied. The first time, it copies all
 * files. Later, it compares the stamps of both sides and copies what differs. Protocol: `workspace/prepare`. Errors:
 * `cancelled`, `instance_failed`.
 */
export const prepare = async (
  copy: PrivateCopy,
  { overlays, changes, opened = [] }: WorkerParams<"workspace/prepare">,
  signal: AbortSignal,
): Promise<WorkerResult<"workspace/prepare">> => {
  const started = performance.now();
  const pace = pacer("preparing the copy", signal);
  await resetTemporary(copy);
  const known = copy.base.size > 0 ? copy.base : loadManifest(copy);
  begin(copy);
  const left_out = copySurroundings(copy);
  const linked: string[] = [];
  let copied = 0;
  for (const listing of walkWorkspace(copy.source, copy.rules)) {
    if (copied === 1) dropManifest(copy);
    copied += refreshFolder(copy, listing, known);
    for (const path of listing.dependencies) linkDependencies(copy, path);
    linked.push(...listing.dependencies);
    await pace();
  }
  copy.layout = layoutOf(copy);
  placeAllPnp(copy, linked);
  linkOuterDependencies(copy);
  linkOuterEnvironment(copy);
  const isOpened = ({ path }: LeftOut): boolean => opened.some((file) => file.path === path);
  left_out.push(...copyBuilt(copy, copy.packages), ...unreachedPackages(copy));
  left_out.push(...closedSettings(copy).filter((file) => !isOpened(file)));
  for (const { path, text } of opened) placeFile(copy.root, path, Buffer.from(text, "utf8"), false);
  for (const overlay of overlays) layOver(copy, overlay);
  for (const change of changes) makeChange(copy, change);
  if (copied > 0 || known.size !== copy.base.size) {
    saveManifest(copy);
    // A write after this gets a later time stamp than ours, so that stamps reveal every change.
    await setTimeout(CLOCK_TICK_MS);
  }
  return { files: copy.base.size, copied, linked, left_out, duration_ms: performance.now() - started };
};

/** Places the Plug'n'Play files of the workspace, of its packages, and of the repository around it. */
const placeAllPnp = (copy: PrivateCopy, linked: readonly string[]): void => {
  for (const path of linked.filter((each) => basename(each) === PNP_SCRIPT)) {
    const folder = dirname(path);
    placePnp(copy, join(copy.source, folder), join(copy.root, folder));
  }
  const outer = outerPnpRoot(copy.source, copy.git);
  if (outer !== null && copy.git !== null)
    placePnp(copy, outer, join(copy.repository, relativePath(copy.git.root, outer)));
};

const layoutOf = ({ base, source }: PrivateCopy): TestLayout =>
  testLayoutOf(base.keys(), (path) => readTextIfPossible(source, path));

/** Environment files at the top of the workspace that stay out of the copy. */
const closedSettings = (copy: PrivateCopy): LeftOut[] =>
  readFolder(copy.source)
    .filter(
      (entry) => entry.isFile() && entry.name.startsWith(".env") && copy.rules.closedBy(entry.name) !== null,
    )
    .map(({ name }) => ({ path: name, reason: "it may hold secrets" }));

/**
 * Removes all files next to the copy except our own, because runners and programs also look for configuration and
 * packages in the folders above. If the copy's path is not a folder, it is removed, too.
 */
const clearSurroundings = ({ manifestFile, repository, python }: PrivateCopy): void => {
  const kept = [
    repository,
    manifestFile,
    ...["node_modules", ...(python === null ? [] : [OUTER_ENVIRONMENT])].map((name) =>
      join(dirname(repository), name),
    ),
  ];
  for (const entry of ownEntries(dirname(repository))) {
    const path = join(dirname(repository), entry.name);
    const fits = path === manifestFile ? entry.isFile() : entry.isDirectory();
    if (!kept.includes(path) || !fits) remove(path);
  }
};

const begin = (copy: PrivateCopy): void => {
  clearSurroundings(copy);
  mkdirSync(copy.root, { recursive: true });
  copy.base = new Map();
  copy.links = new Map();
  copy.overlays = new Map();
  copy.prepared = new Map();
  copy.written = new Map();
  copy.testResults = new Map();
  copy.dependencies = [];
  copy.unreached = new Set();
  copy.packages = new Set([""]);
  copy.builtFor = "[]";
  copy.rules = ignoreRules(copy.source, copy.git);
};

/** Makes one folder of the copy equal to the source's. Returns the number of copied files. */
const refreshFolder = (copy: PrivateCopy, listing: FolderListing, known: Map<string, BaseFile>): number => {
  const { folder, files, folders, dependencies } = listing;
  for (const path of listing.links) noteLink(copy, path);
  const wanted = new Map<string, "file" | "folder" | "link" | "dependency">([
    ...files.map((path) => [path, "file"] as const),
    ...folders.map((path) => [path, "folder"] as const),
    ...listing.links.filter((path) => copy.links.has(path)).map((path) => [path, "link"] as const),
    ...dependencies.map((path) => [path, "dependency"] as const),
  ]);
  const present = new Set<string>();
  for (const entry of ownEntries(join(copy.root, folder))) {
    const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
    const want = wanted.get(path) ?? (copy.built.has(path) ? "dependency" : undefined);
    const fits =
      want === "dependency" ||
      (want === "file" && entry.isFile()) ||
      (want === "folder" && entry.isDirectory()) ||
      (want === "link" && entry.isSymbolicLink());
    if (fits) present.add(path);
    else remove(join(copy.root, path));
  }
  for (const path of folders) if (!present.has(path)) mkdirSync(join(copy.root, path));
  for (const path of listing.links) {
    const target = copy.links.get(path);
    if (target !== undefined) makeLink(join(copy.root, path), target);
  }
  return files.filter((path) => refreshFile(copy, path, present.has(path), known.get(path))).length;
};

/** Files up to this size are read once, then written and hashed. The system copies larger ones. */
const READ_WHOLE = 1024 * 1024;

/** Makes one file of the copy equal to the source's. Returns whether it was copied. */
const refreshFile = (
  copy: PrivateCopy,
  path: string,
  isPresent: boolean,
  known: BaseFile | undefined,
): boolean => {
  const from = join(copy.source, path);
  const to = join(copy.root, path);
  const source = statFile(from);
  if (source?.isFile() !== true) return false; // It has vanished since it was listed.
  const present = isPresent ? statFile(to) : null;
  const isSame =
    known !== undefined &&
    present !== null &&
    known.source === stampOf(source) &&
    known.copy === stampOf(present);
  if (isSame) {
    copy.base.set(path, known);
    return false;
  }
  let bytes: Buffer | null = null;
  try {
    if (present !== null) remove(to); // It may share its bytes with another file through a hard link.
    if (source.size <= READ_WHOLE) {
      bytes = readFileSync(from);
      writeFileSync(to, bytes, { mode: source.mode & 0o777, flag: "wx" });
    } else copyFileSync(from, to, constants.COPYFILE_FICLONE);
  } catch (error) {
    if (isOutOfReach(error)) return false; // A file that only others may read is not for agents.
    throw error;
  }
  const made = statFile(to);
  copy.base.set(path, {
    source: isSettled(source, Date.now()) ? stampOf(source) : null,
    copy: made === null ? null : stampOf(made),
    sha256: sha256(bytes ?? readFileSync(to)),
    executable: isExecutable(source),
  });
  return true;
};

const isOutOfReach = (error: unknown): boolean =>
  error instanceof Error && "code" in error && ["EACCES", "EPERM", "ENOENT"].includes(String(error.code));

/** Records a link if its target is inside the workspace. */
const noteLink = (copy: PrivateCopy, path: string): void => {
  const folder = dirname(join(copy.source, path));
  try {
    const target = resolve(folder, readlinkSync(join(copy.source, path)));
    const real = realpathSync.native(target);
    if (!isWithin(copy.source, target) || !isWithin(copy.source, real)) return;
    copy.links.set(path, relativePath(folder, target) || ".");
  } catch {
    // The link has no target.
  }
};

/** Writes an unsaved text to the file, in the encoding that the file has on disk. */
const layOver = (copy: PrivateCopy, { path, text }: Overlay): void => {
  if (closedBy(copy, path) !== null) return; // An open .env stays closed to agents.
  const file = statFile(join(copy.source, path));
  if (file?.isFile() === false || !isFree(copy.root, path)) return; // It can no longer be saved.
  const saved = file?.isFile() === true ? decodeText(readFileSync(join(copy.source, path))) : null;
  const bytes = overlayBytes(text, saved?.encoding ?? "utf8", path);
  const executable = file !== null && isExecutable(file);
  copy.overlays.set(path, { bytes, sha256: sha256(bytes), executable });
  placeFile(copy.root, path, bytes, executable);
};

const overlayBytes = (text: string, encoding: TextEncoding, path: string): Buffer => {
  try {
    return encodeText(withoutByteOrderMark(text), encoding, path);
  } catch {
    return Buffer.from(text, "utf8"); // When saving, the editor would ask for another encoding.
  }
};

const makeChange = (copy: PrivateCopy, change: FileChange): void => {
  if (closedBy(copy, change.path) !== null) return;
  writeChange(copy.root, change);
  copy.prepared.set(change.path, change);
  recordChange(copy, { ...change, before: originalOf(copy, change.path)?.sha256 ?? null });
};
