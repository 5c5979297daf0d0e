import assert from "node:assert/strict";
import { wrapCommandWithSandboxMacOS } from "@anthropic-ai/sandbox-runtime/dist/sandbox/macos-sandbox-utils.js";
import type { WorkerSpec } from "../../../server/instances/drivers/driver.ts";
import { localCommand } from "../../../server/instances/drivers/local/command.ts";
import type { LocalCommand } from "../../../server/instances/drivers/local/command.ts";
import { probeSandbox, sandboxName } from "../../../server/instances/drivers/local/confinement.ts";
import { seatbeltParameters } from "../../../server/instances/drivers/local/seatbelt.ts";

const copy = "/Users/me/Library/Caches/coditect/0/copy";
const commandOf = (egress: Pick<WorkerSpec, "egress_socket" | "egress_loopback">): LocalCommand =>
  localCommand(
    {
      instance_id: "7b0a2f0e-1111-4111-8111-111111111111",
      workspace: "/Users/me/it's an app",
      readable: ["/Users/me/it's an app"],
      copy,
      hidden: [
        { path: "/Users/me/it's an app/.env", isFolder: false },
        { path: "/Users/me/it's an app/.aws", isFolder: true },
      ],
      image: null,
      limits: { memory_mb: 100, cpus: 1, processes: 20, disk_mb: 10 },
      egress_on_request: false,
      ...egress,
    },
    { command: "/opt/homebrew/bin/node", args: ["/Applications/app/dist/worker.js"] },
    {
      sandbox: { wrap: wrapCommandWithSandboxMacOS },
      environment: { PATH: "/usr/bin" },
      home: "/Users/me",
      prlimit: null,
      setpriv: null,
    },
    [],
  );
const command = commandOf({ egress_socket: null, egress_loopback: null });

/** The rules of the profile about one operation, in their order: Seatbelt goes by the last that fits. */
const rulesOf = (
  profile: string,
  operation: string,
): { allow: boolean; test: (path: string) => boolean }[] => {
  const rules = profile
    .split(/\n(?=\()/)
    .filter((rule) => new RegExp(`^\\((allow|deny) [^()]*${operation}`).test(rule));
  return rules.map((rule) => {
    const filters = [...rule.matchAll(/\((subpath|literal) "((?:[^"\\]|\\.)*)"\)/g)];
    const test = (path: string): boolean =>
      filters.length === 0
        ? !rule.includes("vnode-type") && !rule.includes("regex")
        : filters.some(
            ([, kind, place = ""]) =>
              path === place || (kind === "subpath" && path.startsWith(place === "/" ? "/" : `${place}/`)),
          );
    return { allow: rule.startsWith("(allow"), test };
  });
};
const may = (operation: string, path: string): boolean => {
  const line = command.args[1] ?? "";
  const profile = line.slice(line.indexOf("(version 1)")).replaceAll(`'"'"'`, "'").replaceAll(`'\\''`, "'");
  return rulesOf(profile, operation).findLast(({ test }) => test(path))?.allow ?? false;
};

describe("a worker under Seatbelt", () => {
  it("is started by sandbox-exec, with its own environment", () => {
    assert.equal(command.program, "/bin/sh");
    assert.match(command.args[1] ?? "", /\/usr\/bin\/sandbox-exec -p/);
    assert.equal(command.environment.HOME, "/Users/me/Library/Caches/coditect/0/home");
    assert.equal(command.environment.CODITECT_CONFINED, undefined, "what it starts does not end with it");
  });
  it("has no network", () => {
    assert.doesNotMatch(command.args[1] ?? "", /\(allow network/);
  });
  it("reaches the port of the runtime's proxy alone if a host is allowed, and knows its token", () => {
    const egress_loopback = { port: 4711, token: "s3cret" };
    const { args, environment } = commandOf({ egress_socket: "/tmp/proxy.sock", egress_loopback });
    const reached = [...(args[1] ?? "").matchAll(/\(allow network-outbound ([^\n]*)\)\n/g)].map(
      ([, to]) => to,
    );
    assert.deepEqual(reached, ['(remote ip "localhost:4711")']);
    assert.equal(environment.HTTPS_PROXY, "http://instance:s3cret@127.0.0.1:4711");
    assert.equal(environment.CODITECT_EGRESS, undefined, "it would listen for others");
  });
  it("reads the system, the program, the workspace and its own folders, and no secret of them", () => {
    const open = [
      "/usr/lib/libc.dylib",
      "/Applications/app/dist/worker.js",
      "/Users/me/it's an app/src/a.ts",
      `${copy}/x`,
    ];
    const closed = [
      "/Users/me/.ssh/id_ed25519",
      "/Users/me/notes.txt",
      "/private/etc/master.passwd",
      "/Users/me/it's an app/.env",
      "/Users/me/it's an app/.aws/credentials",
    ];
    assert.deepEqual(
      [...open, ...closed].filter((path) => may("file-read\\*", path)),
      open,
    );
  });
  it("writes its copy, its home and its temporary folder alone", () => {
    const open = [
      `${copy}/x`,
      "/Users/me/Library/Caches/coditect/0/home/x",
      "/Users/me/Library/Caches/coditect/0/temporary/x",
    ];
    const closed = ["/Users/me/it's an app/src/a.ts", "/Users/me/x", "/usr/local/x", "/private/etc/x"];
    assert.deepEqual(
      [...open, ...closed].filter((path) => may("file-write\\*", path)),
      open,
    );
  });
  it("gets words with quotes and spaces unchanged", () => {
    const { command: line } = seatbeltParameters(
      { readable: [], writable: [], hidden: [], proxyPort: null },
      { A: "b c" },
      ["it's", "$x"],
    );
    assert.equal(line, `exec /usr/bin/env 'A=b c' 'it'\\''s' '$x'`);
  });
});

describe("the sandbox of a system", () => {
  it("is said not to be there where none is known", async () => {
    const none = await probeSandbox("win32");
    assert.deepEqual(none, { unavailable: "there is no sandbox for win32" });
    assert.equal(sandboxName(none), null);
  });
  if (process.platform === "darwin") return;
  it("is said not to be there where Seatbelt cannot be run", async () => {
    const none = await probeSandbox("darwin");
    assert.ok("unavailable" in none && none.unavailable.includes("Seatbelt"));
  });
});
