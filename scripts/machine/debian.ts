import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import process from "node:process";
import { runStep } from "./step.ts";

/** Debian packages by purpose. */
const packages = {
  processes: [
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
    "docker-registry",
    "python3-pytest",
    "python3-pytest-cov",
    "golang-go",
    "phpunit",
    "ruby-rspec",
    "ruby-minitest",
    "build-essential",
    "cmake",
    // For Karma.
    "chromium",
    "prometheus",
    "neovim",
    // For frames of videos.
    "ffmpeg",
  ],
  // A Kubernetes control plane and kubelet, built from Debian's source package, and what they run on.
  cluster: [
    "build-essential",
    "dpkg-dev",
    "golang-go",
    "golang-github-modern-go-reflect2-dev",
    "etcd-server",
    "docker.io",
    "containerd",
    "runc",
    "iproute2",
    "openssl",
    "bubblewrap",
    "ripgrep",
    "socat",
  ],
  editor: [
    "chromium-headless-shell",
    // What the native parts of code-server are built with.
    "build-essential",
    "python3",
    "libkrb5-dev",
    "libsecret-1-dev",
    "pkg-config",
    "libx11-dev",
    "libxkbfile-dev",
    // What runs of teams in the editor need.
    "bubblewrap",
    "socat",
    "ripgrep",
  ],
} satisfies Record<string, readonly string[]>;

/** Of these, the programs are needed, not servers that listen: neither now nor after the next boot. */
const services: Readonly<Record<string, readonly string[]>> = {
  "openssh-server": ["ssh.service", "ssh.socket"],
  "docker-registry": ["docker-registry.service"],
  "etcd-server": ["etcd.service"],
};

const quietly = (program: string, ...args: string[]) => spawnSync(program, args, { encoding: "utf8" });

export const isDebianRoot = (): boolean =>
  process.getuid?.() === 0 &&
  existsSync("/etc/os-release") &&
  /^ID(_LIKE)?=.*debian/m.test(readFileSync("/etc/os-release", "utf8"));

const isInstalled = (name: string): boolean =>
  quietly("dpkg-query", "-W", "-f=${Status}", name).stdout.endsWith("ok installed");

const apt = (says: string, ...args: string[]): Promise<void> =>
  runStep({
    says,
    program: "apt-get",
    args: ["-q", "-o", "DPkg::Lock::Timeout=300", ...args],
    environment: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
  });

/**
 * Installs the missing packages for this purpose, if this is Debian and root runs it. Rejects with apt's
 * error message if the installation fails.
 */
export const installPackages = async (purpose: keyof typeof packages): Promise<void> => {
  if (!isDebianRoot()) return;
  const missing = packages[purpose].filter((name) => !isInstalled(name));
  if (missing.length === 0) return;
  await apt("Fetching Debian's lists of packages", "update");
  const newServices = missing.flatMap((name) => services[name] ?? []);
  if (newServices.length > 0) quietly("systemctl", "mask", ...newServices);
  try {
    const says = `Installing Debian packages that the tests need: ${missing.join(" ")}`;
    await apt(says, "install", "-y", "--no-install-recommends", ...missing);
  } finally {
    if (newServices.length > 0) {
      quietly("systemctl", "unmask", ...newServices);
      quietly("systemctl", "disable", ...newServices);
    }
  }
};
