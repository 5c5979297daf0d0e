import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { z } from "zod";
import { codeServerEntry } from "../../scripts/machine/code-server.ts";

export interface ServerChoices {
  userData: string;
  /** The folder with the installed extensions. */
  extensions: string;
  /** The folder with the extensions that VS Code comes with, if not all of them. */
  builtIn: string | null;
  askTrust: boolean;
  env: NodeJS.ProcessEnv;
}

const Handshake = z.object({ type: z.literal("handshake") });

/**
 * Starts code-server's server process as its command would. The command itself is a process that gives the
 * server its options and gives up after ten seconds, which a busy machine needs to load the server. Here the
 * tests give the options, so they also decide how long to wait. The server ends when this process does.
 */
export const spawnCodeServer = async (
  choices: ServerChoices,
): Promise<{ server: ChildProcess; url: string }> => {
  const { userData, extensions, builtIn, askTrust, env } = choices;
  const port = await freePort();
  const options = {
    "user-data-dir": userData,
    "extensions-dir": extensions,
    "session-socket": join(userData, "session.sock"),
    auth: "none",
    host: "127.0.0.1",
    port,
    "app-name": "code-server",
    "proxy-domain": [],
    "disable-telemetry": true,
    "disable-update-check": true,
    // The browser runs on this machine, so the server need not keep a closed window's data for a reconnect.
    "reconnection-grace-time": "10",
    "disable-workspace-trust": !askTrust,
    ...(builtIn === null ? {} : { "builtin-extensions-dir": builtIn }),
    _: [],
  };
  const server = spawn(process.execPath, [codeServerEntry], {
    env: { ...env, CODE_SERVER_PARENT_PID: String(process.pid), NODE_EXEC_PATH: process.execPath },
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    detached: true,
  });
  server.on("message", (message) => {
    if (Handshake.safeParse(message).success) server.send({ type: "handshake", args: options });
  });
  await listening(server);
  return { server, url: `http://127.0.0.1:${port}` };
};

const freePort = async (): Promise<number> => {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  // A TCP server's address is an AddressInfo.
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, "close");
  return port;
};

const listening = async (server: ChildProcess): Promise<void> => {
  const { promise, resolve, reject } = Promise.withResolvers<undefined>();
  let said = "";
  const listen = (chunk: Buffer) => {
    said += chunk.toString();
    if (said.includes("HTTP server listening")) resolve(undefined);
  };
  server.stdout?.on("data", listen);
  server.stderr?.on("data", listen);
  server.once("exit", (code) => {
    reject(new Error(`code-server ended with ${String(code)}: ${said}`));
  });
  await promise;
};
