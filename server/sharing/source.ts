import { execFile } from "node:child_process";
import { createReadStream } from "node:fs";
import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { createGunzip } from "node:zlib";
import { fail } from "../../schemas/errors.ts";
import { PACKAGE_FILE } from "../../schemas/shared-package.ts";
import { programPath } from "../workspace/find-program.ts";
import { readRemoteFile } from "../workspace/run-git.ts";

const run = promisify(execFile);

const MOST_BYTES = 1 << 20;
const MOST_UNPACKED = 64 << 20;
const DEADLINE_MS = 120_000;

/** A name in the registry, with a version or tag: no folder, address or repository. */
const npmSpec = /^(@[a-z0-9][\w.~-]*\/)?[a-z0-9][\w.~-]*(@[\w.^~*-]+)?$/i;
const gitUrl = /^(git\+)?((https|ssh|git|file):\/\/.+|[\w.-]+@[\w.-]+:.+)$/;

const unreadable = (source: string, reason: string, cause?: unknown) =>
  fail("package_unreadable", { source, reason }, { cause });

const inTemporaryFolder = async <Result>(use: (folder: string) => Promise<Result>): Promise<Result> => {
  const folder = await mkdtemp(join(tmpdir(), "coditect-import-"));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

/** The package file of a tarball, read without unpacking anything to the disk; null: it has none. */
const fileInTarball = async (tarball: string): Promise<Buffer | null> => {
  const { default: tar } = await import("tar-stream");
  let found: Buffer | null = null;
  let unpacked = 0;
  const entries = tar.extract();
  entries.on("entry", (header, stream, next) => {
    const isWanted = header.type === "file" && header.name === `package/${PACKAGE_FILE}`;
    const parts: Buffer[] = [];
    stream.on("data", (bytes: unknown) => {
      if (!Buffer.isBuffer(bytes)) return;
      unpacked += bytes.length;
      if (unpacked > MOST_UNPACKED) entries.destroy(new Error("it is too large"));
      else if (isWanted) parts.push(bytes);
    });
    stream.on("end", () => {
      if (isWanted) found = Buffer.concat(parts);
      next();
    });
  });
  await pipeline(createReadStream(tarball), createGunzip(), entries);
  return found;
};

/** npm fetches the tarball as it is: no script of the package runs, and nothing is installed. */
const fromNpm = (source: string, spec: string, signal: AbortSignal): Promise<Buffer> =>
  inTemporaryFolder(async (folder) => {
    if (!npmSpec.test(spec)) throw unreadable(source, `${spec} is not the name of an npm package`);
    const args = ["pack", spec, "--ignore-scripts", "--silent"];
    try {
      // In the empty folder, no project's own configuration counts.
      await run(process.platform === "win32" ? "npm.cmd" : programPath("npm"), args, {
        cwd: folder,
        signal,
        timeout: DEADLINE_MS,
        shell: process.platform === "win32",
      });
    } catch (error) {
      throw unreadable(source, "npm could not fetch it", error);
    }
    const tarball = (await readdir(folder)).find((name) => name.endsWith(".tgz"));
    const bytes = tarball === undefined ? null : await fileInTarball(join(folder, tarball));
    if (bytes === null) throw unreadable(source, `it has no file ${PACKAGE_FILE}`);
    return bytes;
  });

const fromGit = (source: string, signal: AbortSignal): Promise<Buffer> =>
  inTemporaryFolder(async (folder) => {
    const [url = "", reference = "HEAD"] = source.replace(/^git\+/, "").split("#", 2);
    try {
      const call = { folder, signal, deadlineMs: DEADLINE_MS, most: MOST_BYTES };
      return await readRemoteFile({ url, reference, path: PACKAGE_FILE }, call);
    } catch (error) {
      throw unreadable(source, `git could not read ${PACKAGE_FILE} of ${reference}`, error);
    }
  });

const fromFile = async (source: string, currentFolder: string): Promise<Buffer> => {
  try {
    const path = resolve(currentFolder, source);
    if ((await stat(path)).size > MOST_BYTES) throw new Error("it is too large");
    return await readFile(path);
  } catch (error) {
    throw unreadable(source, "the file could not be read", error);
  }
};

const checkSize = (source: string, bytes: Buffer): Buffer => {
  if (bytes.length > MOST_BYTES) throw unreadable(source, "it is too large");
  return bytes;
};

const remote = (source: string): ((signal: AbortSignal) => Promise<Buffer>) | null => {
  const spec = /^npm:(.+)$/.exec(source)?.[1];
  if (spec !== undefined) return (signal) => fromNpm(source, spec, signal);
  return gitUrl.test(source) ? (signal) => fromGit(source, signal) : null;
};

/**
 * The bytes of a package in a registry or a repository: `npm:NAME@VERSION`, or a git URL, with `#BRANCH`.
 * Nothing of the package is run, and nothing of it is written. Error: `package_unreadable`.
 */
export const fetchRemotePackage = async (source: string, signal: AbortSignal): Promise<Buffer> => {
  const fetch = remote(source);
  if (fetch === null) throw unreadable(source, "it is neither npm:NAME nor a git URL");
  return checkSize(source, await fetch(signal));
};

/** The same, or the bytes of a file; its path counts from the current folder. Error: `package_unreadable`. */
export const fetchPackage = async (
  source: string,
  currentFolder: string,
  signal: AbortSignal,
): Promise<Buffer> => {
  const bytes = await (remote(source)?.(signal) ?? fromFile(source, currentFolder));
  return checkSize(source, bytes);
};
