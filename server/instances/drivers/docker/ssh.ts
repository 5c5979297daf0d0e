import type Dockerode from "dockerode";
import { spawn } from "node:child_process";
import { Agent } from "node:http";
import { Duplex } from "node:stream";
import { programPath } from "../../../workspace/find-program.ts";

export interface SshHost {
  host: string;
  port: number;
  username?: string;
}

const DEFAULT_PORT = 22;

/** The arguments of the system's own ssh. The docker command uses the same ones. */
const sshArguments = ({ host, port, username }: SshHost): string[] => [
  ...["-o", "BatchMode=yes", "-o", "ConnectTimeout=15", "-T"],
  ...(port === DEFAULT_PORT ? [] : ["-p", String(port)]),
  ...(username === undefined ? [] : ["-l", username]),
  ...["--", host, "docker", "system", "dial-stdio"],
];

/** Methods of a socket that the HTTP client calls and a pipe does not have. */
const socketHabits = {
  setKeepAlive: () => undefined,
  setNoDelay: () => undefined,
  setTimeout: () => undefined,
  ref: () => undefined,
  unref: () => undefined,
};

/** Connects to the engine on a host. ssh uses its own configuration, keys and known hosts. */
const dial = (where: SshHost): Duplex => {
  const child = spawn(programPath("ssh"), sshArguments(where), { stdio: ["pipe", "pipe", "pipe"] });
  const stream = new Duplex({
    // If ssh has ended, that is reported with its output when it has closed.
    write: (chunk: Buffer, _encoding, done) => {
      child.stdin.write(chunk, () => {
        done();
      });
    },
    final: (done) => {
      child.stdin.end(done);
    },
    read: () => void child.stdout.resume(),
    destroy: (error, done) => {
      child.kill();
      done(error);
    },
  });
  let lastWords = "";
  child.stdin.on("error", () => undefined);
  child.stdout.on("data", (chunk: Buffer) => {
    if (!stream.push(chunk)) child.stdout.pause();
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    lastWords = (lastWords + text).slice(-500);
  });
  child.once("error", (error) => stream.destroy(error));
  child.once("close", (code) => {
    const why = lastWords.trim() || `exit code ${code ?? "unknown"}`;
    if (code === 0) stream.push(null);
    else stream.destroy(new Error(`ssh to ${where.host}: ${why}`));
  });
  return Object.assign(stream, socketHabits);
};

/** Options of a client that reaches its engine through ssh. */
export const sshOptions = (where: SshHost): Dockerode.DockerOptions & { agent: Agent } => {
  const agent = new Agent({ keepAlive: true });
  agent.createConnection = () => dial(where);
  return { host: where.host, port: DEFAULT_PORT, protocol: "http", agent };
};
