import { execFile } from "node:child_process";
import { existsSync, readdirSync, realpathSync } from "node:fs";
import { basename, delimiter, dirname, join } from "node:path";
import { promisify } from "node:util";
import { findProgram } from "../../../workspace/find-program.ts";
import type { HiddenPath } from "../hidden.ts";
import { hidingArguments, showPath } from "./hiding.ts";
import { closingArguments, inOwnNamespaces, procArguments, type Shield, userArguments } from "./shield.ts";
import type { Unavailable } from "./unavailable.ts";

/** What a worker confined by bubblewrap may see and do, as plain data. */
export interface BubblewrapConfinement {
  /** Folders and files it may read, in addition to the system's. */
  readable: readonly string[];
  /** The only folder that it may write. Inside the sandbox, its path is `COPY_FOLDER`. */
  writable: string;
  /** Caches with what the user's toolchains have fetched, as paths inside the home folder. */
  caches: readonly string[];
  /** The user's own home folder, where the caches are. */
  userHome: string;
  /** Paths in `readable` that look empty to it. */
  hidden: readonly HiddenPath[];
  /** The socket that it may reach; null if it may reach nothing outside. */
  socket: string | null;
  /** The file that becomes its /etc/hosts; null if it has none. */
  hosts: string | null;
  home: string;
  /** The size of its temporary folder, which is in memory. */
  temporary_mb: number;
  shield: Shield;
}

/**
 * The path of the copy inside the sandbox. The path outside is below `~/.cache`, and runners and servers skip
 * files there, because the name of a folder in the path begins with a dot.
 */
export const COPY_FOLDER = "/instance";

const systemFolders = ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/opt", "/nix/store"];

/** The files of /etc that programs need to start: no password hashes, keys or host configuration. */
const systemFiles = [
  "/etc/alternatives",
  "/etc/ld.so.cache",
  "/etc/ld.so.conf",
  "/etc/ld.so.conf.d",
  "/etc/localtime",
  "/etc/nsswitch.conf",
  "/etc/passwd",
  "/etc/group",
  "/etc/pki/tls/certs",
  "/etc/ssl/certs",
  "/etc/ssl/openssl.cnf",
  "/etc/mime.types",
  "/etc/protocols",
  "/etc/services",
  "/etc/os-release",
  // Not the whole folder, because settings.xml may contain passwords.
  "/etc/maven/m2.conf",
  "/etc/maven/logging",
];

/**
 * Folders and files of /etc that languages need. Without them, Debian's Java does not start, and PHP has no
 * extensions. The names contain versions.
 */
const languageSettings =
  /^(java(-[\d.]+-openjdk)?|php([\d.]+|\.ini|\.d)?|python[\d.]+|perl|fonts|terminfo|crypto-policies|dotnet)$/;

const languageFiles = (): string[] =>
  readdirSync("/etc")
    .filter((name) => languageSettings.test(name))
    .map((name) => `/etc/${name}`);

/**
 * Where version managers keep compilers and interpreters in the home folder. The folders above are not
 * listed, because `.cargo` and `.local` contain credentials next to programs.
 */
const toolchainFolders = [
  ".pyenv",
  ".nvm",
  ".volta",
  ".asdf",
  ".rustup",
  ".cargo/bin",
  ".rbenv",
  ".sdkman/candidates",
  ".bun",
  ".deno/bin",
  ".dotnet",
  ".local/bin",
  ".local/lib",
  ".local/share/fnm",
  ".local/share/mise",
  ".local/share/uv",
  ".local/share/pnpm",
];

/**
 * What `localhost` means in a sandbox: its own loopback, and no host name of this machine. Node uses only the
 * first address, so ::1 is included only if the system has IPv6.
 */
export const sandboxHosts = (hasIpv6: boolean): string =>
  `127.0.0.1 localhost instance\n${hasIpv6 ? "::1 localhost ip6-localhost\n" : ""}`;

/** Where toolchains keep what they have fetched. The credentials next to it are not shown. */
const cacheFolders = [
  ".cargo/registry",
  ".cargo/git",
  "go/pkg/mod",
  ".m2/repository",
  ".gradle/caches",
  ".gradle/wrapper",
  ".nuget/packages",
  ".npm/_cacache",
  ".yarn/berry/cache",
  ".cache/yarn",
  ".cache/pnpm",
  ".local/share/pnpm/store",
  ".cache/node/corepack",
  ".bun/install/cache",
  ".cache/deno",
  ".cache/composer/files",
  ".local/share/gem",
  ".gem/ruby",
  ".pub-cache/hosted",
  ".cache/coursier",
  ".ivy2/cache",
  ".cache/ms-playwright",
  ".cache/Cypress",
  ".cache/puppeteer",
];

/** Existing caches of toolchains, as paths inside the home folder. */
export const toolchainCaches = (home: string): string[] =>
  cacheFolders.filter((cache) => existsSync(join(home, cache)));

/** Folders that show that a toolchain's programs read files next to `bin`: Rust, Java, Node. */
const toolchainMarks = ["lib/rustlib", "lib/modules", "lib/node_modules"];

/**
 * A folder of PATH with what its programs read. The shims of a version manager need the versions next to
 * them, and the `bin` of a toolchain needs its libraries. The folder above is left out, because it may be
 * `.local`.
 */
const withVersions = (folder: string): string[] => {
  const root = dirname(folder);
  const has = (name: string): boolean => existsSync(join(root, name));
  if (basename(folder) === "shims" && ["versions", "installs"].some(has)) return [root];
  if (basename(folder) === "bin" && toolchainMarks.some(has))
    return [folder, join(root, "lib"), join(root, "conf")];
  return [folder];
};

/** Existing folders of the user's own toolchains and of PATH. */
export const toolchainPaths = (home: string, path: string): string[] => {
  const candidates = [
    ...toolchainFolders.map((folder) => join(home, folder)),
    ...path.split(delimiter).flatMap(withVersions),
  ];
  return [...new Set(candidates)].filter(
    (folder) => folder.startsWith("/") && folder !== home && existsSync(folder),
  );
};

/** Arguments that show `path` inside as it is outside. Systems with a merged /usr link /bin to usr/bin. */
const showSystem = (path: string): string[] => (existsSync(path) ? showPath(path) : []);

/** What bubblewrap on this machine can do beyond the oldest supported version, and who runs it. */
export interface BubblewrapOptions {
  /** Whether the user of the runtime is root. */
  isRoot: boolean;
  /** 0.7 and later. */
  size: boolean;
  /** 0.8 and later. */
  disableUserns: boolean;
}

/**
 * Arguments of bubblewrap up to the command. The sandbox has its own user, process, network and IPC
 * namespaces, no capability, and a file system of system folders and what `confinement` names, read-only
 * except for the copy. It ends with the runtime.
 */
export const bubblewrapArguments = (
  confinement: BubblewrapConfinement,
  options: BubblewrapOptions,
): string[] => {
  const limit = (megabytes: number): string[] =>
    options.size ? ["--size", String(megabytes * 1024 ** 2)] : [];
  return [
    "--die-with-parent",
    "--unshare-all",
    "--unshare-user",
    ...userArguments(confinement.shield, options.isRoot, options.disableUserns),
    ...["--hostname", "instance"],
    ...[...systemFolders, ...systemFiles, ...languageFiles()].flatMap(showSystem),
    ...procArguments(confinement.shield),
    ...["--dev", "/dev", ...limit(64), "--tmpfs", "/dev/shm"],
    ...[...limit(confinement.temporary_mb), "--tmpfs", "/tmp", "--dir", confinement.home],
    ...(confinement.hosts === null ? [] : ["--ro-bind", confinement.hosts, "/etc/hosts"]),
    ...confinement.readable.flatMap((path) => ["--ro-bind", path, path]),
    ...hidingArguments(confinement.hidden),
    ...confinement.caches.flatMap((cache) => [
      "--ro-bind",
      join(confinement.userHome, cache),
      join(confinement.home, cache),
    ]),
    ...["--bind", confinement.writable, COPY_FOLDER],
    ...(confinement.socket === null ? [] : ["--ro-bind", confinement.socket, confinement.socket]),
    ...[...closingArguments(confinement.shield), "--remount-ro", "/dev", "--remount-ro", "/"],
    ...["--chdir", COPY_FOLDER],
    "--",
  ];
};

/** A bubblewrap that works on this machine. */
export interface Bubblewrap {
  program: string;
  options: BubblewrapOptions;
  /** Whether it can also start inside one of its own sandboxes. */
  nests: boolean;
}

const PROBE_MS = 5000;
const run = promisify(execFile);

/** Starts a program in a sandbox that shows nothing, and in a second sandbox inside it. */
const tryToConfine = async (
  bubblewrap: string,
  options: BubblewrapOptions,
  shield: "none" | "namespaces",
): Promise<void> => {
  const confinement: BubblewrapConfinement = {
    readable: [],
    writable: dirname(process.execPath),
    hidden: [],
    socket: null,
    hosts: null,
    caches: [],
    userHome: "/",
    home: "/tmp/home",
    temporary_mb: 1,
    shield,
  };
  const inside = shield === "namespaces" ? inOwnNamespaces(bubblewrap, options.isRoot) : [];
  await run(bubblewrap, [...bubblewrapArguments(confinement, options), ...inside, "true"], {
    timeout: PROBE_MS,
  });
};

/** Tries whether the system lets bubblewrap confine a program. */
export const probeBubblewrap = async (): Promise<Bubblewrap | Unavailable> => {
  const found = findProgram("bwrap");
  if (found === null) return { unavailable: "bubblewrap is not installed" };
  const program = realpathSync(found);
  try {
    const { stdout } = await run(program, ["--help"], { timeout: PROBE_MS });
    const options = {
      isRoot: process.getuid?.() === 0,
      size: stdout.includes("--size"),
      disableUserns: stdout.includes("--disable-userns"),
    };
    const works = (shield: "none" | "namespaces") => tryToConfine(program, options, shield).then(() => true);
    const [, nests] = await Promise.all([
      works("none"),
      options.disableUserns && works("namespaces").catch(() => false),
    ]);
    return { program, options, nests };
  } catch {
    return { unavailable: "the system does not allow bubblewrap to make namespaces" };
  }
};
