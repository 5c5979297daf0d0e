import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import type { WorkerSpec } from "../../../server/instances/drivers/driver.ts";
import { toolchainPaths } from "../../../server/instances/drivers/local/bubblewrap.ts";
import { parseMembership, planGroup } from "../../../server/instances/drivers/local/cgroup.ts";
import { localCommand } from "../../../server/instances/drivers/local/command.ts";
import { workerEnvironment } from "../../../server/instances/drivers/local/environment.ts";

const limits = { memory_mb: 100, cpus: 1.5, processes: 20, disk_mb: 10 };
const spec: WorkerSpec = {
  instance_id: "7b0a2f0e-1111-4111-8111-111111111111",
  workspace: "/projects/my app",
  readable: ["/projects/my app", "/projects/node_modules"],
  copy: "/cache/0/copy",
  hidden: [{ path: "/projects/my app/.env", isFolder: false }],
  image: null,
  limits,
  egress_socket: null,
  egress_loopback: null,
  egress_on_request: false,
};
const entry = { command: "/node/bin/node", args: ["/product/dist/worker.js"] };
const machine = {
  sandbox: {
    program: "/usr/bin/bwrap",
    options: { size: true, disableUserns: true, isRoot: false },
    nests: false,
  },
  environment: { PATH: "/usr/bin", ANTHROPIC_API_KEY: "sk-secret", LANG: "C", SSH_AUTH_SOCK: "/agent" },
  home: "/home/user",
  prlimit: "/usr/bin/prlimit",
  setpriv: "/usr/bin/setpriv",
};
/** Whether the words stand next to each other in the list. */
const has = (list: readonly string[], ...words: string[]): boolean =>
  list.some((_, index) => words.every((word, offset) => list[index + offset] === word));

describe("the command of a local worker", () => {
  const { program, args, environment } = localCommand(spec, entry, machine, []);

  it("is bubblewrap with its own namespaces, no capability, and death with the runtime", () => {
    assert.equal(program, "/usr/bin/bwrap");
    for (const option of ["--die-with-parent", "--unshare-all", "--disable-userns"]) {
      assert.ok(args.includes(option), option);
    }
    assert.ok(has(args, "--cap-drop", "ALL"));
    assert.ok(has(args, "--remount-ro", "/"));
    assert.ok(has(args, "--proc", "/proc", "--ro-bind", "/proc/sys", "/proc/sys"));
  });
  it("shows the workspace read-only, hides its secrets, and lets the worker write its copy alone", () => {
    assert.ok(has(args, "--ro-bind", "/projects/my app", "/projects/my app"));
    assert.ok(has(args, "--ro-bind", "/dev/null", "/projects/my app/.env"));
    const writable = args.flatMap((word, index) => (word === "--bind" ? [args[index + 1]] : []));
    assert.deepEqual(writable, ["/cache/0/copy"]);
    assert.ok(has(args, "--bind", "/cache/0/copy", "/instance"));
  });
  it("ends with the worker's own command under the kernel's limits", () => {
    const end = args.slice(args.indexOf("--") + 1);
    assert.deepEqual([end[0], end[4]], ["/bin/sh", "/usr/bin/prlimit"]);
    assert.deepEqual(end.slice(-3), ["/node/bin/node", "--disable-sigusr1", "/product/dist/worker.js"]);
  });
  it("shows nothing of the home folder, and no key", () => {
    assert.ok(!args.includes("/home/user"));
    assert.deepEqual(Object.keys(environment).toSorted(), [
      "CI",
      "CODITECT_CONFINED",
      "CODITECT_SHIELD",
      "HOME",
      "LANG",
      "NO_COLOR",
      "PATH",
      "TMPDIR",
    ]);
  });
  it("is the worker alone where nothing can be confined, with a home beside the copy", () => {
    const bare = localCommand(spec, entry, { ...machine, sandbox: { unavailable: "no" } }, []);
    assert.deepEqual([bare.program, bare.args.at(-3)], ["/usr/bin/prlimit", "/node/bin/node"]);
    assert.ok(!bare.args.some((word) => word.startsWith("--nproc")), "processes count for the whole user");
    assert.equal(bare.environment.HOME, "/cache/0/home");
    assert.equal(bare.environment.CODITECT_CONFINED, undefined);
  });
});

describe("what a worker sees of the toolchains on PATH", () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "coditect-toolchains-"));
  });
  afterEach(() => {
    rmSync(root, { recursive: true });
  });
  const makeFolders = (...names: string[]): void => {
    for (const name of names) mkdirSync(join(root, name), { recursive: true });
  };
  const shown = (path: string): string[] => toolchainPaths(join(root, "home"), join(root, path));

  it("is a version manager's whole folder where PATH has its shims, wherever it is", () => {
    makeFolders("home", "pyenv/shims", "pyenv/versions");
    assert.deepEqual(shown("pyenv/shims"), [join(root, "pyenv")]);
  });

  it("is the folder alone where no version is next to it", () => {
    makeFolders("home", "tools/shims");
    assert.deepEqual(shown("tools/shims"), [join(root, "tools/shims")]);
  });

  it("is never the home folder", () => {
    makeFolders("home/shims", "home/versions");
    assert.deepEqual(shown("home/shims"), []);
  });
});

describe("the environment of a worker", () => {
  it("never holds a name that looks like a secret, whoever allows it", () => {
    const secret = fc
      .tuple(fc.string(), fc.constantFrom("KEY", "token", "Secret", "PASSWORD", "credential"), fc.string())
      .map((parts) => parts.join(""));
    fc.assert(
      fc.property(secret, (name) => {
        const own = { home: "/h", temporary: "/t" };
        assert.equal(Object.hasOwn(workerEnvironment({ [name]: "x" }, [name], own), name), false);
      }),
    );
  });
});

describe("the plan of a control group", () => {
  it("stands beside our own group in version 2", () => {
    const plan = planGroup(parseMembership("0::/user.slice/app.slice/editor.scope\n"), "coditect-1", limits);
    assert.deepEqual(
      [...plan],
      [
        [
          "/sys/fs/cgroup/user.slice/app.slice/coditect-1",
          {
            "memory.max": String(125 * 1024 ** 2),
            "pids.max": "20",
            "cpu.max": "150000 100000",
            "cpu.weight": "50",
          },
        ],
      ],
    );
  });
  it("stands below our own group in each hierarchy of version 1", () => {
    const membership = parseMembership("5:pids:/a\n4:memory:/b\n3:cpu,cpuacct:/\n0::/\n");
    assert.deepEqual(
      [...planGroup(membership, "coditect-1", limits).keys()],
      [
        "/sys/fs/cgroup/memory/b/coditect-1",
        "/sys/fs/cgroup/pids/a/coditect-1",
        "/sys/fs/cgroup/cpu/coditect-1",
      ],
    );
  });
});
