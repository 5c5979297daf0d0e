import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { delimiter, join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { processTable, treeOf } from "../../server/instances/drivers/process-table.ts";
import { freePort } from "./private-engine.ts";

const run = promisify(execFile);

const programOf = (name: string): string | undefined =>
  [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin"]
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path));

/** Why tests of ssh are skipped; null if a server and a client of OpenSSH are installed. */
export const whyNoSshServer = (): string | null => {
  const missing = ["sshd", "ssh", "ssh-keygen"].filter((name) => programOf(name) === undefined);
  return missing.length === 0 ? null : `${missing.join(", ")} of OpenSSH is not installed`;
};

/** An ssh server for a test, and an ssh client that knows it. */
export interface SshServer {
  /** `ssh://user@127.0.0.1:port`, with the user who runs the test. */
  readonly url: string;
  /** A folder for PATH with the system's ssh, which uses only the test's key and known hosts. */
  readonly programs: string;
  /** The client's file of known hosts. */
  readonly knownHosts: string;
  /** The server's file of accepted keys. */
  readonly authorizedKeys: string;
  /** Ends it and every connection to it. */
  close(): Promise<void>;
}

const makeKey = (path: string) => run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", path]);

/** Ends a process, which may have ended by itself since the processes were listed. */
const endIfThere = (pid: number): void => {
  try {
    process.kill(pid, "SIGTERM");
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
};

/** @param environment the variables of commands on the server. */
export const startSshServer = async (environment: Readonly<Record<string, string>>): Promise<SshServer> => {
  const [sshd, ssh] = [programOf("sshd"), programOf("ssh")];
  if (sshd === undefined || ssh === undefined) throw new Error(whyNoSshServer() ?? "no ssh");
  const folder = await mkdtemp(join(tmpdir(), "coditect-ssh-"));
  const at = (name: string): string => join(folder, name);
  const [port] = await Promise.all([freePort(), makeKey(at("host")), makeKey(at("user"))]);
  // If root runs it, it drops its rights temporarily, for which it needs this empty folder.
  if (process.getuid?.() === 0) await mkdir("/run/sshd", { recursive: true });
  const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  const lines = [
    ...[`Port ${port}`, "ListenAddress 127.0.0.1", "PidFile none", "LogLevel INFO"],
    ...[`HostKey ${at("host")}`, `AuthorizedKeysFile ${at("authorized_keys")}`],
    ...["StrictModes no", "UsePAM no", "PasswordAuthentication no", "KbdInteractiveAuthentication no"],
    ...(variables.length === 0 ? [] : [`SetEnv ${variables.join(" ")}`]),
  ];
  await writeFile(at("sshd_config"), `${lines.join("\n")}\n`);
  await writeFile(at("authorized_keys"), await readFile(at("user.pub")));
  await writeFile(at("known_hosts"), `[127.0.0.1]:${port} ${await readFile(at("host.pub"), "utf8")}`);
  await writeFile(
    at("ssh_config"),
    `Host *\nIdentityFile ${at("user")}\nIdentitiesOnly yes\nUserKnownHostsFile ${at("known_hosts")}\nGlobalKnownHostsFile /dev/null\nStrictHostKeyChecking yes\n`,
  );
  await mkdir(at("programs"));
  await writeFile(at("programs/ssh"), `#!/bin/sh\nexec '${ssh}' -F '${at("ssh_config")}' "$@"\n`, {
    mode: 0o755,
  });

  const server = spawn(sshd, ["-D", "-e", "-f", at("sshd_config")], { stdio: ["ignore", "ignore", "pipe"] });
  const close = async (): Promise<void> => {
    if (server.pid !== undefined && server.exitCode === null && server.signalCode === null) {
      const exited = once(server, "exit");
      // A separate process serves each connection, and outlives the server.
      for (const { pid } of treeOf(await processTable(0), server.pid)) endIfThere(pid);
      await exited;
    }
    await rm(folder, { recursive: true, force: true });
  };
  let said = "";
  for await (const line of createInterface({ input: server.stderr })) {
    said += `${line}\n`;
    if (line.includes("Server listening")) break;
  }
  if (!said.includes("Server listening")) {
    await close();
    throw new Error(`sshd did not start: ${said}`);
  }
  server.stderr.resume();
  return {
    url: `ssh://${userInfo().username}@127.0.0.1:${port}`,
    programs: at("programs"),
    knownHosts: at("known_hosts"),
    authorizedKeys: at("authorized_keys"),
    close,
  };
};
