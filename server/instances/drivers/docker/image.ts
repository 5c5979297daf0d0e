import { execFile } from "node:child_process";
import { constants, existsSync, realpathSync } from "node:fs";
import { copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { arch, tmpdir } from "node:os";
import { basename, delimiter, dirname, join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { fail } from "../../../../schemas/errors.ts";
import { findProgram, programPath } from "../../../workspace/find-program.ts";
import {
  DEFAULT_IMAGE,
  openLimits,
  WORKER_LIBRARIES,
  WORKER_NODE,
  WORKER_SETPRIV,
  WORKER_SHELL,
} from "./container.ts";
import { engineError, findEngine } from "./engine.ts";
import type { Engine } from "./engine.ts";
import { IMAGE_LABEL, IMAGE_RECIPE } from "./image-label.ts";
import { archiveOf } from "./mirror/archive.ts";
import { fileParts } from "../../../workspace/tree.ts";

/** The programs that an image built from this machine gets in addition to Node. */
const programs =
  "sh bash env cat ls cp mv rm mkdir rmdir ln touch chmod sleep true false echo printf head tail sort uniq wc tr cut tee grep sed awk find xargs diff dirname basename readlink realpath mktemp date id uname test expr seq ps kill git".split(
    " ",
  );

export interface ImageRequest {
  /** An image with glibc, whose toolchain is kept; null builds the image from this machine's files. */
  base: string | null;
  /** The name of the new image; if left out, the default one, or the base's name with our suffix. */
  name?: string;
  /** Called with each step, line by line. */
  tell?: (line: string) => void;
  engine?: Engine;
  signal: AbortSignal;
}

const run = promisify(execFile);

const LDD_MS = 60_000;
const LddFailure = z.object({ killed: z.boolean().default(false), stdout: z.string().default("") });

/** The libraries that programs of this machine are linked with, including the loader. */
const librariesOf = async (...files: readonly string[]): Promise<Set<string>> => {
  const { stdout } = await run(programPath("ldd"), [...files], { timeout: LDD_MS }).catch(
    (error: unknown) => {
      // It fails for scripts and programs without libraries, but lists the libraries of all others.
      const failure = LddFailure.parse(error);
      if (failure.killed) throw error;
      return failure;
    },
  );
  return new Set([...stdout.matchAll(/(?:=> )?(\/\S+) \(0x/g)].flatMap((match) => match[1] ?? []));
};

/** The path of Node on this machine. The editor's own program cannot be used. */
const findNode = (): string => {
  if (basename(process.execPath).startsWith("node")) return realpathSync(process.execPath);
  const folders = (process.env.PATH ?? "").split(delimiter);
  const found = folders.map((folder) => join(folder, "node")).find((path) => existsSync(path));
  if (found === undefined) throw fail("node_missing", {});
  return realpathSync(found);
};

/** Copies a file to the same place below `root`, under its own name even if it is a link. */
const place = async (root: string, path: string, source: string): Promise<void> => {
  const target = join(root, path);
  await mkdir(dirname(target), { recursive: true });
  await copyFile(realpathSync(source), target, constants.COPYFILE_FICLONE);
};

/** Adds the worker's Node to `root`, and the two libraries that not every image has. */
const placeNode = async (root: string, node: string): Promise<void> => {
  await place(root, WORKER_NODE, node);
  for (const library of await librariesOf(node)) {
    const name = basename(library);
    if (/^lib(stdc\+\+|gcc_s)\./.test(name)) await place(root, join(WORKER_LIBRARIES, name), library);
  }
};

/**
 * Adds the program that separates the worker from its commands to `root`, and the one library that not
 * every image has.
 */
const placeSetpriv = async (root: string): Promise<void> => {
  const setpriv = findProgram("setpriv");
  if (setpriv === null) throw fail("setpriv_missing", {});
  await place(root, WORKER_SETPRIV, setpriv);
  for (const library of await librariesOf(setpriv)) {
    const name = basename(library);
    if (name.startsWith("libcap-ng.")) await place(root, join(WORKER_LIBRARIES, name), library);
  }
};

/** Adds a small system to `root`, which consists of programs of this machine and their libraries. */
const placeSystem = async (root: string, node: string): Promise<void> => {
  const folders = ["/usr/bin", "/bin", "/usr/local/bin"];
  const found = programs.flatMap((name) => {
    const path = folders.map((folder) => join(folder, name)).find((candidate) => existsSync(candidate));
    return path === undefined ? [] : [{ name, path }];
  });
  const libraries = await librariesOf(node, ...found.map(({ path }) => path));
  for (const library of libraries) await place(root, library, library);
  for (const { name, path } of found) await place(root, join("/usr/bin", name), path);
  await place(root, WORKER_SHELL, "/bin/sh");
  await symlink("usr/bin", join(root, "bin"));
  await mkdir(join(root, "etc"), { recursive: true });
  await writeFile(
    join(root, "etc", "passwd"),
    "root:x:0:0::/:/bin/sh\nagent:x:1000:1000::/tmp/home:/bin/sh\n",
  );
  await writeFile(join(root, "etc", "group"), "root:x:0:\nagent:x:1000:\n");
  await mkdir(join(root, "tmp"));
};

/**
 * The mode of a program that users can run but not read. The kernel then does not let other processes of
 * the same user, such as the commands of agents, open the memory, streams and environment of its process.
 */
const UNREADABLE = 0o111;

const COPY_SHELL = [
  ...["/bin/sh", "-c"],
  `mkdir -p "\${0%/*}" && cp -L /bin/sh "$0" && chmod ${UNREADABLE.toString(8)} "$0"`,
  WORKER_SHELL,
];

/**
 * The build's instructions, as plain data. The base's own shell is copied as root in a separate stage, so
 * that the base keeps its user.
 */
export const dockerfile = (base: string | null): string =>
  [
    ...(base === null
      ? ["FROM scratch", "COPY root/ /"]
      : [
          ...[`FROM ${base} AS shell`, "USER 0", `RUN ${JSON.stringify(COPY_SHELL)}`],
          ...[`FROM ${base}`, "COPY root/ /", `COPY --from=shell ${WORKER_SHELL} ${WORKER_SHELL}`],
        ]),
    `LABEL ${IMAGE_LABEL}="${IMAGE_RECIPE}" coditect.node="${process.version}" coditect.architecture="${arch()}"`,
    "",
  ].join("\n");

/** Modes of an image's files that differ from the default. */
const modesIn = (root: string): ReadonlyMap<string, number> =>
  new Map([
    // A mount at /tmp takes this mode, and the worker is not root.
    [join(root, "tmp"), 0o1777],
    [join(root, WORKER_NODE), UNREADABLE],
    [join(root, WORKER_SHELL), UNREADABLE],
  ]);

const BuildLine = z.object({ stream: z.string().optional(), error: z.string().optional() });

/** Reads the progress of a build to its end. Rejects with the error that the engine reports. */
const followBuild = async (progress: NodeJS.ReadableStream, tell: (line: string) => void): Promise<void> => {
  let rest = "";
  for await (const chunk of progress) {
    const lines = (rest + chunk.toString()).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines.filter((text) => text.trim() !== "")) {
      const { stream, error } = BuildLine.parse(JSON.parse(line));
      if (error !== undefined) throw new Error(error);
      if (stream !== undefined && stream.trim() !== "") tell(stream.trim());
    }
  }
};

/** Runs the new image's Node once. This fails if the image has no glibc or is for another processor. */
const tryImage = async ({ client, isPodman }: Engine, name: string): Promise<void> => {
  const container = await client.createContainer({
    Image: name,
    Entrypoint: [WORKER_NODE, "--version"],
    Cmd: [],
    Env: [`LD_LIBRARY_PATH=${WORKER_LIBRARIES}`],
    HostConfig: { NetworkMode: "none", CapDrop: ["ALL"], Ulimits: openLimits(isPodman) },
  });
  const cannot = (why: string, cause?: unknown): Error => {
    const hint = "Use a base image with glibc, for the processor of this machine.";
    return fail("engine_unavailable", { reason: `Node does not start in ${name}: ${why}`, hint }, { cause });
  };
  try {
    await container.start().catch((error: unknown) => {
      throw cannot("its system has no loader for it", error);
    });
    const { StatusCode } = z.object({ StatusCode: z.int() }).parse(await container.wait());
    if (StatusCode !== 0) throw cannot(`exit code ${StatusCode}`);
  } finally {
    await container.remove({ force: true });
  }
};

/**
 * Builds an image for instances and returns its name. Adds the worker's Node to `base`. Without a base, the
 * image is built from this machine's own files, which needs no network. `coditect image build` calls this.
 * Errors: `engine_unavailable`, `image_missing` (the base), `cancelled`.
 */
export const buildImage = async (request: ImageRequest): Promise<string> => {
  const { base, signal, tell = () => undefined } = request;
  const name =
    request.name ?? (base === null ? DEFAULT_IMAGE : `${DEFAULT_IMAGE}-${base.replace(/[/:@]/g, "-")}`);
  const context = await mkdtemp(join(tmpdir(), "coditect-image-"));
  try {
    const engine = request.engine ?? (await findEngine());
    const node = findNode();
    tell(`Adding Node ${process.version} to ${base ?? "a system of this machine's own programs"}`);
    const root = join(context, "root");
    await placeNode(root, node);
    await placeSetpriv(root);
    if (base === null) await placeSystem(root, node);
    await writeFile(join(context, "Dockerfile"), dockerfile(base));
    signal.throwIfAborted();
    const entries = fileParts([context]).flatMap((part) => [...part.entries()].flat());
    const archive = archiveOf(context, entries, modesIn(root));
    const progress = await engine.client.buildImage(archive, {
      t: name,
      networkmode: "none",
      rm: true,
      forcerm: true,
      abortSignal: signal,
    });
    await followBuild(progress, tell);
    await tryImage(engine, name);
    return name;
  } catch (error) {
    if (signal.aborted) throw fail("cancelled", { what: "Building the image" });
    throw engineError(error, base ?? name);
  } finally {
    await rm(context, { recursive: true, force: true });
  }
};
