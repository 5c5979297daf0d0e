import { spawn, spawnSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as wait } from "node:timers/promises";
import { say } from "./step.ts";

const START_MS = 60_000;

const succeeds = (program: string, ...args: string[]): boolean =>
  spawnSync(program, args, { stdio: "ignore" }).status === 0;

const answers = (): boolean => succeeds("docker", "version");

/** Starts the Docker engine if it is installed and not running; resolves with how to stop it. */
export const startDocker = async (): Promise<() => Promise<void>> => {
  const nothing = () => Promise.resolve();
  if (process.getuid?.() !== 0 || answers() || !succeeds("dockerd", "--version")) return nothing;
  const folder = mkdtempSync(join(tmpdir(), "coditect-dockerd-"));
  const log = join(folder, "log");
  const file = openSync(log, "w");
  say("Starting the Docker engine …");
  const daemon = spawn("dockerd", ["--storage-driver=overlay2"], { stdio: ["ignore", file, file] });
  closeSync(file);
  const ended = new Promise<void>((resolve) => {
    daemon.once("exit", () => {
      resolve();
    });
  });
  const stop = async () => {
    daemon.kill("SIGTERM");
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  const deadline = performance.now() + START_MS;
  while (daemon.exitCode === null && performance.now() < deadline) {
    if (answers()) return stop;
    await wait(100);
  }
  const said = readFileSync(log, "utf8").trimEnd().split("\n").slice(-20).join("\n");
  await stop();
  throw new Error(`The Docker engine did not start. Its last words:\n${said}`);
};
