import { type Bubblewrap, probeBubblewrap } from "./bubblewrap.ts";
import type { Seatbelt } from "./seatbelt.ts";
import type { Unavailable } from "./unavailable.ts";

/** What confines the workers of this machine, or why nothing does. */
export type Sandbox = Bubblewrap | Seatbelt | Unavailable;

/** What it is called on record; null: there is none. */
export const sandboxName = (sandbox: Sandbox): string | null =>
  "program" in sandbox ? "bubblewrap" : "wrap" in sandbox ? "seatbelt" : null;

/** Finds out once, by confining a program, whether the machine lets us confine anything. */
export const probeSandbox = async (platform: NodeJS.Platform = process.platform): Promise<Sandbox> => {
  if (platform === "darwin") return (await import("./seatbelt.ts")).probeSeatbelt();
  if (platform === "linux") return probeBubblewrap();
  return { unavailable: `there is no sandbox for ${platform}` };
};
