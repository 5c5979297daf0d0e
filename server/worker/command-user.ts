import { readFileSync } from "node:fs";

/** The right to become another user, as a bit of the kernel's masks. */
const CAP_SETUID = 1n << 7n;

let separateUser: number | null = null;

/** The user to start commands as; null: they run as the worker's user. */
export const commandUser = (): number | null => separateUser;

/**
 * Keeps commands of a container from signalling, tracing or limiting their worker. The kernel compares the
 * real and the saved user for these, and the effective one for files: the worker stays the user who started
 * it for the former, and acts as the commands' user for the latter, so that all files have one owner.
 * Where the container gives no right to start programs as another user, the worker becomes the commands'
 * user for good. Does nothing where the driver names no user (`CODITECT_COMMAND_USER`).
 */
export const separateFromCommands = (): void => {
  const { CODITECT_COMMAND_USER: named } = process.env;
  if (named === undefined || process.setuid === undefined) return;
  const user = Number(named);
  process.setgroups?.([]);
  process.seteuid?.(user);
  if (mayChangeUser()) {
    separateUser = user;
    return;
  }
  process.seteuid?.(0);
  process.setuid(user);
};

const mayChangeUser = (): boolean => {
  const effective = /^CapEff:\s+([0-9a-f]+)/m.exec(readFileSync("/proc/self/status", "latin1"))?.[1];
  return (BigInt(`0x${effective ?? "0"}`) & CAP_SETUID) !== 0n;
};
