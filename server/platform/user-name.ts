import { userInfo } from "node:os";

/** The name of the user of this process; the number, where containers run under one that has no name. */
export const userName = (): string => {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? "unknown");
  }
};
