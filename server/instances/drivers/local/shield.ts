/**
 * What keeps a worker's commands away from the worker and from each other.
 *
 * - `namespaces`: a second bubblewrap starts each command in separate process and user namespaces. The command
 *   sees only the processes that it started, and all of them end with it.
 * - `rights`: the worker keeps one capability that its commands do not have, so that the kernel lets
 *   none of them look into its memory or its streams. They can still signal it.
 * - `none`: nothing. This is for a program that does not run commands of agents.
 */
export type Shield = "namespaces" | "rights" | "none";

/**
 * The worker's user inside a sandbox whose commands are root. The kernel does not let a root without
 * capabilities map itself.
 */
const WORKER_USER = "1000";

/** An empty folder of every sandbox, and the machine's own /proc below it. */
const COVER = "/run";
const COVERED_PROC = `${COVER}/proc`;

/** These kernel settings are read-only, because even a root without capabilities could change them. */
const READ_ONLY_SETTINGS = ["--ro-bind", "/proc/sys", "/proc/sys"];

/** Options of the worker's own bubblewrap for its user and rights. */
export const userArguments = (shield: Shield, isRoot: boolean, canDisableUserns: boolean): string[] => [
  ...(shield !== "namespaces" && canDisableUserns ? ["--disable-userns"] : []),
  ...(shield === "namespaces" && isRoot ? ["--uid", WORKER_USER, "--gid", WORKER_USER] : []),
  ...["--cap-drop", "ALL"],
  // The worker becomes the first process, because bubblewrap's own would not have the capability.
  ...(shield === "rights" ? ["--cap-add", "CAP_SETPCAP", "--as-pid-1"] : []),
];

/**
 * Options of the worker's own bubblewrap that mount its /proc. The kernel mounts another /proc for a command
 * only if the sandbox has one without covers, so that one is in a folder that nobody can uncover. The only
 * writable setting is the number of user namespaces, which needs rights in the namespace.
 */
export const procArguments = (shield: Shield): string[] =>
  shield === "namespaces"
    ? [
        ...["--bind", "/proc", COVERED_PROC, "--tmpfs", COVER],
        ...["--proc", "/proc", ...READ_ONLY_SETTINGS, "--bind", "/proc/sys/user", "/proc/sys/user"],
      ]
    : ["--proc", "/proc", ...READ_ONLY_SETTINGS];

/** Options that come after all other mounts. */
export const closingArguments = (shield: Shield): string[] =>
  shield === "namespaces" ? ["--remount-ro", COVER] : [];

/** The words before a command that starts without the rights of its worker. */
export const withoutRights = (setpriv: string): string[] => [
  setpriv,
  ...["--bounding-set=-all", "--inh-caps=-all", "--ambient-caps=-all"],
];

/** The words before a command that starts in its own namespaces. */
export const inOwnNamespaces = (bubblewrap: string, isRoot: boolean): string[] => [
  ...[bubblewrap, "--die-with-parent", "--new-session"],
  ...["--unshare-user", "--unshare-pid", "--unshare-ipc", "--disable-userns", "--cap-drop", "ALL"],
  ...(isRoot ? ["--uid", "0", "--gid", "0"] : []),
  ...["--dev-bind", "/", "/", "--proc", "/proc", ...READ_ONLY_SETTINGS, "--"],
];
