/**
 * What keeps a worker's commands away from the worker and from each other.
 *
 * - `namespaces`: bubblewrap starts each command once more, in process and user namespaces of its own. It
 *   sees no process but those it started, and all of them end with it.
 * - `rights`: the worker keeps one capability that its commands do not have, so that the kernel lets
 *   none of them look into its memory or its streams. They can still signal it.
 * - `none`: what runs in the sandbox starts no commands of others.
 */
export type Shield = "namespaces" | "rights" | "none";

/** Who the worker is inside where its commands are root: the kernel lets no root without rights map itself. */
const WORKER_USER = "1000";

/** An empty folder of every sandbox, and where the machine's own /proc lies below it. */
const COVER = "/run";
const COVERED_PROC = `${COVER}/proc`;

/** Kernel settings that even root without rights may change, unless they are read-only. */
const READ_ONLY_SETTINGS = ["--ro-bind", "/proc/sys", "/proc/sys"];

/** Options of the worker's own bubblewrap: whom it runs as and what it may do. */
export const userArguments = (shield: Shield, isRoot: boolean, canDisableUserns: boolean): string[] => [
  ...(shield !== "namespaces" && canDisableUserns ? ["--disable-userns"] : []),
  ...(shield === "namespaces" && isRoot ? ["--uid", WORKER_USER, "--gid", WORKER_USER] : []),
  ...["--cap-drop", "ALL"],
  // Its first process has it too, which bubblewrap's own would not.
  ...(shield === "rights" ? ["--cap-add", "CAP_SETPCAP", "--as-pid-1"] : []),
];

/**
 * Options of the worker's own bubblewrap that make its /proc. The kernel makes another one for a command
 * only where one without covers is mounted: it lies below a folder that nobody can uncover. The one
 * setting left open is how many user namespaces there may be; only who has rights in one can write it.
 */
export const procArguments = (shield: Shield): string[] =>
  shield === "namespaces"
    ? [
        ...["--bind", "/proc", COVERED_PROC, "--tmpfs", COVER],
        ...["--proc", "/proc", ...READ_ONLY_SETTINGS, "--bind", "/proc/sys/user", "/proc/sys/user"],
      ]
    : ["--proc", "/proc", ...READ_ONLY_SETTINGS];

/** Options for after everything is in its place. */
export const closingArguments = (shield: Shield): string[] =>
  shield === "namespaces" ? ["--remount-ro", COVER] : [];

/** The words before a command that is started without the rights of its worker. */
export const withoutRights = (setpriv: string): string[] => [
  setpriv,
  ...["--bounding-set=-all", "--inh-caps=-all", "--ambient-caps=-all"],
];

/** The words before a command that is started in namespaces of its own. */
export const inOwnNamespaces = (bubblewrap: string, isRoot: boolean): string[] => [
  ...[bubblewrap, "--die-with-parent", "--new-session"],
  ...["--unshare-user", "--unshare-pid", "--unshare-ipc", "--disable-userns", "--cap-drop", "ALL"],
  ...(isRoot ? ["--uid", "0", "--gid", "0"] : []),
  ...["--dev-bind", "/", "/", "--proc", "/proc", ...READ_ONLY_SETTINGS, "--"],
];
