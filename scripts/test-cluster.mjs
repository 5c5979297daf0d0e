// `npm run test:cluster`: the tests that need a real Kubernetes cluster. The cluster is etcd, a control plane
// and a kubelet on this machine, with a network, processes and a container engine of their own. Arguments
// are test files; left out: all. `--bench` measures pods in place of the tests. The first time builds the
// programs, which takes 10 to 40 minutes.
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import { testCache } from "./machine/code-server.ts";
import { installPeers } from "../test/bench/peers.ts";
import { installPackages, isDebianRoot } from "./machine/debian.ts";

const cgroups = "/sys/fs/cgroup";

const refuse = (reason) => {
  console.error(`The cluster tests cannot run here: ${reason}.`);
  process.exit(1);
};

if (!isDebianRoot()) refuse("they need Debian 12 and root, to build Kubernetes and to start containers");
if (!statSync(join(cgroups, "memory"), { throwIfNoEntry: false })?.isDirectory())
  refuse("this kubelet needs control groups of version 1");

try {
  await installPackages("cluster");
} catch (error) {
  refuse(error.message);
}

const cache = join(testCache, "kubernetes");
mkdirSync(cache, { recursive: true });
const built = spawnSync("bash", [join(import.meta.dirname, "kubernetes", "build.sh"), cache], {
  stdio: ["ignore", "pipe", "inherit"],
  encoding: "utf8",
});
if (built.status !== 0) refuse(`Kubernetes could not be built (exit code ${built.status ?? "none"})`);

const folder = mkdtempSync(join(tmpdir(), "coditect-cluster-"));
const { values, positionals } = parseArgs({
  options: { bench: { type: "boolean", default: false } },
  allowPositionals: true,
});
const tests = positionals.length > 0 ? positionals : ["test/cluster/**/*.test.ts"];
// The cluster has no network to install them from.
if (values.bench) await installPeers();
const command = values.bench ? ["node", "test/bench/main.ts", "pods"] : ["mocha", ...tests];
const child = spawn(
  "unshare",
  [
    ...["--net", "--mount", "--uts", "--pid", "--fork", "--mount-proc", "--kill-child"],
    ...["sh", join(import.meta.dirname, "kubernetes", "apart.sh"), folder],
    ...command,
  ],
  {
    stdio: "inherit",
    env: {
      ...process.env,
      CODITECT_TEST_CLUSTER: folder,
      CODITECT_TEST_KUBERNETES: built.stdout.trim(),
      // What the tests allow and stamp is not the user's.
      XDG_CONFIG_HOME: join(folder, "config"),
    },
  },
);
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => child.kill("SIGKILL"));

/** The control groups of pods outlive their processes; they have the name of the folder. */
const removeGroup = (path) => {
  if (statSync(path, { throwIfNoEntry: false }) === undefined) return;
  for (const entry of readdirSync(path, { withFileTypes: true }))
    if (entry.isDirectory()) removeGroup(join(path, entry.name));
  rmdirSync(path);
};

child.once("exit", (code) => {
  for (const controller of readdirSync(cgroups)) removeGroup(join(cgroups, controller, basename(folder)));
  rmSync(folder, { recursive: true, force: true });
  process.exitCode = code ?? 1;
});
