import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import type { Server } from "node:net";
import { join } from "node:path";
import { CoditectError } from "../../../schemas/errors.ts";
import type { Driver } from "../../../server/instances/drivers/driver.ts";
import type { ClaimedInstance } from "../../../server/instances/pool.ts";
import { pools } from "./conformance.ts";
import { behaviour, command, never } from "./pool-harness.ts";
import type { PoolUnderTest } from "./pool-harness.ts";

const CANARY = "canary-of-the-runtime";

/** What an attempt has to go for: all of it is really there, outside. */
interface Outside {
  /** A folder beside the workspace, open to everybody, with the canary in `secret.txt`. */
  folder: string;
  /** A socket as an engine has it. */
  socket: string;
  /** A server on the loopback of this machine. */
  port: number;
}

/** Node code that tries something and prints `reached`, or the code of the error. */
const node = (code: string): string =>
  `node -e 'const end=(e)=>{console.log(e?e.cause?.code??e.code:"reached");process.exit(e?7:0)};${code}'`;
const dial = (where: string): string =>
  node(`require("net").connect(${where}).on("connect",()=>end()).on("error",end)`);

/** What is tried, and how it must fail: by the system's own word for why not. */
const attempts: [name: string, line: (outside: Outside) => string, refusal: RegExp][] = [
  ["read the password hashes of the host", () => "cat /etc/shadow", /No such file|Permission denied/],
  ["read files beside the workspace", ({ folder }) => `cat '${folder}/secret.txt'`, /No such file/],
  ["speak to the container engine", ({ socket }) => dial(JSON.stringify(socket)), /ENOENT/],
  ["find the engine's usual socket", () => dial(`"/var/run/docker.sock"`), /ENOENT/],
  ["read the runtime's environment", () => `cat /proc/${process.pid}/environ`, /No such file/],
  ["read the runtime's memory", () => `cat /proc/${process.pid}/maps`, /No such file/],
  [
    "find the runtime's environment in any process",
    () => `cat /proc/*/environ 2>/dev/null | tr '\\0' '\\n' | grep -c ${CANARY}`,
    /^0$/m,
  ],
  [
    "reach the metadata address of a cloud",
    () => dial(`{host:"169.254.169.254",port:80}`),
    /ENETUNREACH|EHOSTUNREACH/,
  ],
  ["reach the loopback of the host", ({ port }) => dial(`{host:"127.0.0.1",port:${port}}`), /ECONNREFUSED/],
  ["resolve a name", () => node(`require("dns").lookup("example.com",end)`), /EAI_AGAIN|ENOTFOUND/],
  [
    "ask a name server itself",
    () => node(`new (require("dns").Resolver)({timeout:500,tries:1}).resolve4("example.com",end)`),
    /ECONNREFUSED|ETIMEOUT|ENETUNREACH/,
  ],
  [
    "write outside of its copy",
    () => "for f in /usr/x /x /etc/x /opt/x; do echo x > $f; done; exit 7",
    /(.*(Read-only file system|Permission denied|nonexistent|No such file).*\n?){4}/,
  ],
  [
    "change a setting of the kernel",
    () => "cd /proc/sys/kernel; for f in core_pattern hostname; do v=$(cat $f); echo $v > $f; done; exit 7",
    /(.*(Read-only file system|Permission denied).*\n?){2}/,
  ],
  [
    "write to the host through a link out of the copy",
    ({ folder }) => `ln -sfn '${folder}' link && echo x > link/written`,
    /nonexistent|No such file|Permission denied/,
  ],
  [
    "give a file away, as only root may",
    () => node(`require("fs").writeFileSync("f","");require("fs").chown("f",12345,12345,end)`),
    /EPERM|EINVAL/,
  ],
];

const run = (instance: ClaimedInstance, line: string) => instance.call("tests/run", command(line), never);

const listening = async (where: string | number): Promise<Server> => {
  const server = createServer((socket) => socket.end("the host's own"));
  if (typeof where === "string") server.listen(where);
  else server.listen(where, "127.0.0.1");
  await once(server, "listening");
  return server;
};

/** Whether a process of this machine was started with these words, whatever contains it. */
const runsSomewhere = (words: string): boolean =>
  readdirSync("/proc").some((name) => {
    try {
      return readFileSync(`/proc/${name}/cmdline`, "latin1").replaceAll("\0", " ").includes(words);
    } catch {
      return false;
    }
  });

const stillServes = async (other: ClaimedInstance): Promise<void> => {
  const { summary } = await other.call("execution/run", behaviour("work"), never);
  assert.equal(summary, "done");
};

/**
 * What an instance can try from inside; each is contained, named, and the runtime goes on serving
 * others. Messages that are too long, malformed, or for another instance: `conformance.ts`.
 * `realDriver` runs the product's own worker in place of the one for tests.
 */
export const escapes = (driver: () => Driver, realDriver: () => Driver): void => {
  const start = pools(driver);
  const startReal = pools(realDriver);
  const limits = { memory_mb: 300, cpus: 2, processes: 64, disk_mb: 100 };

  describe("attempts to read, write or reach out", () => {
    let pool: PoolUnderTest;
    let outside: Outside;
    const servers: Server[] = [];
    before(() => {
      process.env.CODITECT_TEST_CANARY = CANARY;
    });
    beforeEach(async () => {
      pool = await start();
      const folder = join(pool.folder, "outside");
      await mkdir(folder);
      await chmod(folder, 0o777);
      await writeFile(join(folder, "secret.txt"), CANARY);
      const socket = join(pool.folder, "engine.sock");
      const server = await listening(0);
      servers.push(server, await listening(socket));
      await chmod(socket, 0o666);
      const address = server.address();
      assert.ok(typeof address === "object" && address !== null);
      outside = { folder, socket, port: address.port };
    });
    afterEach(() => {
      for (const server of servers.splice(0)) server.close();
    });
    after(() => {
      delete process.env.CODITECT_TEST_CANARY;
    });

    it("all fail, for a reason of the system's", async () => {
      const [instance, other] = await Promise.all([pool.claim(), pool.claim()]);
      for (const [name, line, refusal] of attempts) {
        const { exit_code, output } = await run(instance, line(outside));
        assert.notEqual(exit_code, 0, `${name}: ${output}`);
        assert.match(output, refusal, `${name}: ${output}`);
        assert.ok(!output.includes(CANARY), name);
        await stillServes(other);
      }
      assert.equal(existsSync(join(outside.folder, "written")), false);
    });
  });

  it("hides secrets of the workspace and the runtime's own state, but nothing else", async () => {
    const pool = await start();
    const state = join(pool.workspace, ".coditect", "state");
    const aws = join(pool.workspace, "src", ".aws");
    for (const folder of [state, aws]) await mkdir(folder, { recursive: true });
    const closed = [
      join(pool.workspace, ".env"),
      join(pool.workspace, "src", "server.pem"),
      join(state, "lock"),
      join(aws, "config"),
    ];
    for (const path of closed) await writeFile(path, CANARY);
    await writeFile(join(pool.workspace, "src", "open.txt"), "open");
    const instance = await pool.claim();
    for (const path of closed) {
      const { output } = await run(instance, `cat '${path}'`);
      assert.ok(!output.includes(CANARY), path);
    }
    const { output } = await run(instance, `cat '${join(pool.workspace, "src", "open.txt")}'`);
    assert.equal(output, "open");
  });

  const bombs: [name: string, line: string, how: RegExp][] = [
    ["a memory bomb", "tail -c 2000000000 /dev/zero | tail -c 1999999999 | wc -c", /out of memory|exit code/],
    ["a fork bomb", "f() { f | f & }; f; sleep 3", /too many processes|exit code/],
    [
      "a disk filler",
      "for i in 1 2 3 4; do head -c 60000000 /dev/zero > big$i; done; sleep 10",
      /too much on disk/,
    ],
  ];
  for (const [name, line, how] of bombs) {
    it(`contains and names ${name}, and serves others`, async () => {
      const pool = await start({ settings: { limits, watch_ms: 100 } });
      const [bomber, other] = await Promise.all([pool.claim(), pool.claim()]);
      const bombing = run(bomber, line).then(
        ({ exit_code }) => `exit code ${exit_code ?? "none"}`,
        (error: unknown) => (error instanceof CoditectError ? error.message : String(error)),
      );
      await stillServes(other);
      assert.match(await bombing, how);
      await stillServes(other);
    });
  }

  it("cuts a flood of output, says how much of it, and serves others", async () => {
    const pool = await startReal({ settings: { limits } });
    const [flooding, other] = await Promise.all([pool.claim(), pool.claim()]);
    const prepare = { overlays: [], changes: [] };
    await Promise.all([flooding, other].map((one) => one.call("workspace/prepare", prepare, never)));
    const flood = run(flooding, "head -c 400000000 /dev/zero | tr '\\0' x");
    assert.equal((await run(other, "echo served")).output.trim(), "served");
    const { output } = await flood;
    assert.match(output, /… \d{9} bytes cut …/);
    assert.ok(output.length < 2 * 1024 ** 2, `${output.length} bytes were kept`);
    assert.ok(flooding.consumed().peak_memory_mb < limits.memory_mb);
  });

  it("ends a process that ignores every signal it can", async () => {
    const pool = await start();
    const [instance, other] = await Promise.all([pool.claim(), pool.claim()]);
    // Seconds nobody else sleeps: by them the process is known from outside.
    const words = `sleep 8${process.pid}`;
    const isThere = `tr '\\0' ' ' < /proc/$!/cmdline | grep -q '${words}'`;
    await run(
      instance,
      `(trap "" TERM INT HUP QUIT; exec ${words}) >/dev/null 2>&1 & until ${isThere}; do sleep 0.01; done`,
    );
    assert.equal(runsSomewhere(words), true);
    await pool.pool.terminate(instance.record().instance_id, "user:test", "asked for");
    assert.equal(instance.record().state, "Terminated");
    assert.equal(runsSomewhere(words), false);
    await stillServes(other);
  });
};
