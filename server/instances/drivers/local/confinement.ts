import { type Bubblewrap, probeBubblewrap } from "./bubblewrap.ts";
import type { Seatbelt } from "./seatbelt.ts";
import type { Unavailable } from "./unavailable.ts";

/** What confines the workers of this machine, or why nothing does. */
export type Sandbox = Bubblewrap | Seatbelt | Unavailable;

/** The name of the sandbox for records; null if there is none. */
export const sandboxName = (sandbox: Sandbox): string | null =>
  "program" in sandbox ? "bubblewrap" : "wrap" in sandbox ? "seatbelt" : null;

/** Confines a program once to find out whether the machine allows it. */
export const probeSandbox = async (platform: NodeJS.Platform = process.platform): Promise<Sandbox> => {
  if (platform === "darwin") return (await import("./seatbelt.ts")).probeSeatbelt();
  if (platform === "linux") return probeBubblewrap();
  return { unavailable: `there is no sandbox for ${platform}` };
};
