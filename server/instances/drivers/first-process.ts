/**
 * A shell that starts the worker and then closes its own streams. Commands may often look into the first
 * process of a sandbox or container. If it kept the worker's streams, a command could use them to answer the
 * runtime as if it were the worker. The shell also reaps processes whose parent has ended, and ends with the
 * worker's exit code.
 */
const FIRST_PROCESS = 'exec 3<&0; "$@" <&3 3<&- & exec 0<&- 1>&- 2>&- 3<&-; wait $!; ended=$?';

/** The exit code of a container whose worker the kernel killed because the container was out of memory. */
export const OUT_OF_MEMORY = 99;

const KILLED = 137;

/**
 * Looks in the container's own control group, of either version. Engines report such an end too, but a busy
 * engine does so after the end of the container, or never.
 */
const TELL_MEMORY_KILL = [
  `if [ $ended = ${KILLED} ]; then`,
  "for f in /sys/fs/cgroup/memory.events /sys/fs/cgroup/memory/memory.oom_control; do",
  `[ -r $f ] && while read -r name count; do`,
  `[ "$name" = oom_kill ] && [ "$count" != 0 ] && exit ${OUT_OF_MEMORY};`,
  "done < $f; done; fi",
].join(" ");

const firstProcess = (script: string, command: readonly string[], shell: string): string[] => [
  shell,
  "-c",
  `${script}; exit $ended`,
  "sh",
  ...command,
];

/** The command of a sandbox's first process that runs `command` as its child. */
export const asFirstProcess = (command: readonly string[]): string[] =>
  firstProcess(FIRST_PROCESS, command, "/bin/sh");

/**
 * The same for a container, which ends with `OUT_OF_MEMORY` if the kernel killed the worker for that.
 * @param shell If commands run as the same user as this process, a shell that they may not read, so that
 * the kernel does not let them open the memory of the process.
 */
export const asContainersFirstProcess = (command: readonly string[], shell = "/bin/sh"): string[] =>
  firstProcess(`${FIRST_PROCESS}; ${TELL_MEMORY_KILL}`, command, shell);

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
