import { readFileSync } from "node:fs";

/** The right to become another user, as a bit of the kernel's masks. */
const CAP_SETUID = 1n << 7n;

let separateUser: number | null = null;

/** The user that commands run as; null means the worker's user. */
export const commandUser = (): number | null => separateUser;

/**
 * Keeps commands of a container from signalling, tracing or limiting their worker. For these, the kernel
 * compares the real and the saved user; for files, it uses the effective one. The worker keeps its own
 * user as the real one, and takes the commands' user as the effective one, so that all files have one
 * owner.
 * If the container does not allow programs to start as another user, the worker becomes the commands'
 * user for good. Does nothing if the driver names no user (`CODITECT_COMMAND_USER`).
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
