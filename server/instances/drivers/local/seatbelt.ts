import { execFile } from "node:child_process";
import { realpathSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { promisify } from "node:util";
import type { MacOSSandboxParams } from "@anthropic-ai/sandbox-runtime/dist/sandbox/macos-sandbox-utils.js";
import type { HiddenPath } from "../hidden.ts";
import type { Unavailable } from "./unavailable.ts";

/** What a worker confined by Seatbelt may see and do, as plain data. */
export interface SeatbeltConfinement {
  /** Folders and files it may read, in addition to the system's. */
  readable: readonly string[];
  /** Folders it may write: its copy, its home, its temporary folder. */
  writable: readonly string[];
  hidden: readonly HiddenPath[];
  /** The only loopback port that it may reach; null means none. */
  proxyPort: number | null;
}

/** Turns parameters into a shell command that applies a Seatbelt profile. A part of sandbox-runtime. */
type SeatbeltWrap = (parameters: MacOSSandboxParams) => string;

/** A Seatbelt that works on this machine. */
export interface Seatbelt {
  wrap: SeatbeltWrap;
}

/** What programs of macOS need to start: no files of the user, no host keys and no password hashes. */
const systemPaths = [
  ..."/usr /bin /sbin /System /Library /opt /dev /Applications/Xcode.app".split(" "),
  ..."/private/var/db/dyld /private/var/db/timezone /private/var/select".split(" "),
  ..."ssl localtime passwd group hosts protocols services shells"
    .split(" ")
    .map((name) => `/private/etc/${name}`),
  "/etc",
  "/tmp",
  "/var",
];

const quote = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;

/**
 * No network except the proxy's port on the loopback, and files by an allow-list: the profile closes
 * everything, opens what is `readable`, and closes what is `hidden` again.
 */
export const seatbeltParameters = (
  { readable, writable, hidden, proxyPort }: SeatbeltConfinement,
  environment: Readonly<Record<string, string>>,
  command: readonly string[],
): MacOSSandboxParams => {
  // The profile's environment comes first and has another temporary folder.
  const own = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  return {
    command: ["exec", "/usr/bin/env", ...[...own, ...command].map(quote)].join(" "),
    needsNetworkRestriction: true,
    ...(proxyPort !== null && { httpProxyPort: proxyPort }),
    readConfig: {
      denyOnly: ["/", ...hidden.map(({ path }) => path)],
      allowWithinDeny: [...systemPaths, ...readable, ...writable],
    },
    writeConfig: { allowOnly: [...writable], denyWithinAllow: [] },
    allowGitConfig: true,
    binShell: "sh",
  };
};

const run = promisify(execFile);

/** Tries whether Seatbelt lets programs start and keeps them out of the home folder. */
export const probeSeatbelt = async (): Promise<Seatbelt | Unavailable> => {
  const { wrapCommandWithSandboxMacOS: wrap } =
    await import("@anthropic-ai/sandbox-runtime/dist/sandbox/macos-sandbox-utils.js");
  const confined = (...command: string[]) => {
    const confinement = { readable: [], writable: [realpathSync(tmpdir())], hidden: [], proxyPort: null };
    const line = wrap(seatbeltParameters(confinement, {}, command));
    return run("/bin/sh", ["-c", line], { timeout: 5000 });
  };
  try {
    await confined("/usr/bin/true");
  } catch {
    return { unavailable: "the system does not let Seatbelt confine a program" };
  }
  const isOpen = await confined("/bin/ls", homedir()).then(
    () => true,
    () => false,
  );
  return isOpen ? { unavailable: "Seatbelt does not keep programs from the home folder" } : { wrap };
};
