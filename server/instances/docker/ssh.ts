import type Dockerode from "dockerode";
import { spawn } from "node:child_process";
import { Agent } from "node:http";
import { Duplex } from "node:stream";

export interface SshHost {
  host: string;
  port: number;
  username?: string;
}

const DEFAULT_PORT = 22;

/** What the system's own ssh is called with, as the docker command does. */
export const sshArguments = ({ host, port, username }: SshHost): string[] => [
  ...["-o", "BatchMode=yes", "-o", "ConnectTimeout=15", "-T"],
  ...(port === DEFAULT_PORT ? [] : ["-p", String(port)]),
  ...(username === undefined ? [] : ["-l", username]),
  ...["--", host, "docker", "system", "dial-stdio"],
];

/** A connection to the engine behind a host: ssh's own configuration, keys and known hosts hold. */
const dial = (where: SshHost): Duplex => {
  const child = spawn("ssh", sshArguments(where), { stdio: ["pipe", "pipe", "pipe"] });
  const stream = Duplex.from({ readable: child.stdout, writable: child.stdin });
  let lastWords = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    lastWords = (lastWords + text).slice(-500);
  });
  child.once("error", (error) => stream.destroy(error));
  child.once("close", (code) => {
    if (code === 0) stream.destroy();
    else
      stream.destroy(
        new Error(`ssh to ${where.host}: ${lastWords.trim() || `exit code ${code ?? "unknown"}`}`),
      );
  });
  stream.once("close", () => child.kill());
  return stream;
};

/** Options of a client that reaches its engine through ssh. */
export const sshOptions = (where: SshHost): Dockerode.DockerOptions & { agent: Agent } => {
  const agent = new Agent({ keepAlive: true });
  agent.createConnection = () => dial(where);
  return { host: where.host, port: DEFAULT_PORT, protocol: "http", agent };
};
