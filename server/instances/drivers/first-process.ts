/**
 * A shell that starts the worker and then closes its own streams. Commands may often look into the first
 * process of a sandbox or container. If it kept the worker's streams, a command could use them to answer the
 * runtime as if it were the worker. The shell also reaps processes whose parent has ended, and ends with the
 * worker's exit code.
 */
const FIRST_PROCESS = 'exec 3<&0; "$@" <&3 3<&- & exec 0<&- 1>&- 2>&- 3<&-; wait $!; exit $?';

/**
 * The command of a first process that runs `command` as its child.
 * @param shell If commands run as the same user as this process, a shell that they may not read, so that
 * the kernel does not let them open the memory of the process.
 */
export const asFirstProcess = (command: readonly string[], shell = "/bin/sh"): string[] => [
  shell,
  "-c",
  FIRST_PROCESS,
  "sh",
  ...command,
];

/** Options that keep the rights of a process that changes its effective user. Nothing may undo that. */
const KEEP_RIGHTS =
  "--securebits=+no_setuid_fixup,+no_setuid_fixup_locked --bounding-set=-setpcap --inh-caps=-all";

/** If `setpriv` is missing or the engine does not allow it, the command starts directly. */
const separated = (setpriv: string): string =>
  `s="${setpriv} ${KEEP_RIGHTS}"; $s /bin/sh -c : 2>/dev/null && exec $s "$@"; exec "$@"`;

/**
 * The command of a container's worker that acts as another user than the one it is started as: see
 * `separateFromCommands`. The container starts it as root with `separationRights`.
 */
export const asSeparateUser = (setpriv: string, command: readonly string[]): string[] => [
  "/bin/sh",
  "-c",
  separated(setpriv),
  "sh",
  ...command,
];

/** What such a container's root may do: change its user and group, and keep that right. */
export const separationRights = ["SETUID", "SETGID", "SETPCAP"];
