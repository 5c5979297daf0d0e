// What the tests need of the machine beside npm packages: Debian packages (installed if this is
// Debian and root runs it) and a Docker engine (started for as long as the tests run). Where one
// cannot be had, the tests that need it are skipped and say so.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";

const packages = {
  integration: [
    "bubblewrap",
    "socat",
    "ripgrep",
    "jq",
    "docker.io",
    "containerd",
    "runc",
    "iptables",
    "openssh-client",
    "openssh-server",
    "podman",
    "catatonit",
    "python3-pytest",
    "python3-pytest-cov",
  ],
  editor: ["chromium", "libkrb5-dev", "libsecret-1-dev", "pkg-config", "libx11-dev", "libxkbfile-dev"],
};

const quietly = (program, ...args) => spawnSync(program, args, { encoding: "utf8" });

const isDebianRoot = () =>
  process.getuid?.() === 0 &&
  existsSync("/etc/os-release") &&
  /^ID(_LIKE)?=.*debian/m.test(readFileSync("/etc/os-release", "utf8"));

const isInstalled = (name) =>
  quietly("dpkg-query", "-W", "-f=${Status}", name).stdout?.endsWith("ok installed");

const installPackages = (suites) => {
  const missing = suites.flatMap((suite) => packages[suite] ?? []).filter((name) => !isInstalled(name));
  if (missing.length === 0) return;
  console.log(`Installing Debian packages the tests need: ${missing.join(" ")}`);
  const environment = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const apt = (...args) =>
    spawnSync("apt-get", args, { stdio: ["ignore", "ignore", "inherit"], env: environment }).status;
  apt("update", "-qq");
  // Its program is needed, not a server that lets people in: neither now nor after the next boot.
  const isNew = missing.includes("openssh-server");
  if (isNew) quietly("systemctl", "mask", "ssh.service", "ssh.socket");
  if (apt("install", "-y", "-qq", "--no-install-recommends", ...missing) !== 0)
    console.log("They cannot be installed here; what needs them is skipped.");
  if (isNew) {
    quietly("systemctl", "unmask", "ssh.service", "ssh.socket");
    quietly("systemctl", "disable", "ssh.service", "ssh.socket");
  }
};

const answers = () => quietly("docker", "version", "--format", "{{.Server.Version}}").status === 0;

/** Starts the Docker engine if it is installed and not running; returns how to stop it. */
const startDocker = async () => {
  if (process.getuid?.() !== 0 || answers() || quietly("dockerd", "--version").status !== 0)
    return () => undefined;
  const daemon = spawn("dockerd", ["--storage-driver=overlay2"], { stdio: "ignore" });
  const ended = new Promise((resolve) => daemon.once("exit", resolve));
  for (let attempt = 0; attempt < 100 && daemon.exitCode === null && !answers(); attempt += 1)
    await wait(100);
  return async () => {
    daemon.kill("SIGTERM");
    await ended;
  };
};

/** Provides what these suites need; returns how to give it back. */
export const provideMachine = async (suites) => {
  if (isDebianRoot()) installPackages(suites);
  return suites.includes("integration") ? startDocker() : () => undefined;
};
