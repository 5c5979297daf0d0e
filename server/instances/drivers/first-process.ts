/**
 * A shell that starts the worker and then closes its own streams. The first process of a sandbox or
 * container is often one that commands may look into, and it was given the worker's streams: through
 * them a command could answer the runtime in the worker's place. The shell also waits for processes
 * whose parent has ended, and ends as the worker ends.
 */
const FIRST_PROCESS = 'exec 3<&0; "$@" <&3 3<&- & exec 0<&- 1>&- 2>&- 3<&-; wait $!; exit $?';

/** The command of a first process that runs `command` as its child. */
export const asFirstProcess = (command: readonly string[]): string[] => [
  "/bin/sh",
  "-c",
  FIRST_PROCESS,
  "sh",
  ...command,
];
