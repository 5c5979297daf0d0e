import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { CoditectError } from "../../../schemas/errors.ts";
import type { Driver } from "../../../server/instances/driver.ts";
import type { ClaimedInstance } from "../../../server/instances/pool.ts";
import { pools } from "./conformance.ts";
import { behaviour, command, never } from "./pool-harness.ts";

const CANARY = "canary-of-the-runtime";

/** Node code as one argument of a shell command. */
const node = (code: string): string => `'${process.execPath}' -e '${code}' || node -e '${code}'`;

const run = (instance: ClaimedInstance, line: string) => instance.call("tests/run", command(line), never);

/** Commands that must fail, and must not print what they are after. */
const attempts: [name: string, line: string][] = [
  ["read the password hashes of the host", "cat /etc/shadow"],
  ["read the runtime's memory and environment", `cat /proc/${process.pid}/environ /proc/${process.pid}/maps`],
  ["find the runtime's environment anywhere", `cat /proc/*/environ | tr '\\0' '\\n' | grep ${CANARY}`],
  ["speak to the container engine", `test -S /var/run/docker.sock`],
  [
    "reach the metadata address of a cloud",
    node(`fetch("http://169.254.169.254/").catch(()=>process.exit(7))`),
  ],
  ["resolve a name", node(`require("dns").lookup("example.com",(e)=>process.exit(e?7:0))`)],
  ["write outside of its copy", "echo x > /usr/x || echo x > /x || echo x > /etc/x || echo x > /opt/x"],
  ["write to the host through a link out of the copy", "ln -sf /usr/outside link && echo x > link"],
  ["mount something", "mount -t tmpfs none /mnt || mount --bind / /mnt"],
  ["become another user", "su -c id nobody || setpriv --reuid=65534 id"],
];

/** What an instance can try from inside; each is contained, named, and the runtime goes on. */
export const escapes = (driver: () => Driver): void => {
  const start = pools(driver);

  it("contains what reads, writes or reaches out", async () => {
    process.env.CODITECT_TEST_CANARY = CANARY;
    const pool = await start();
    const instance = await pool.claim();
    for (const [name, line] of attempts) {
      const { exit_code, output } = await run(instance, line);
      assert.notEqual(exit_code, 0, `${name}: ${output}`);
      assert.ok(!output.includes(CANARY), name);
    }
    delete process.env.CODITECT_TEST_CANARY;
  });

  it("keeps the loopback of the host out of reach", async () => {
    const server = createServer((_request, response) => response.end("the host's own"));
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    const address = server.address();
    assert.ok(typeof address === "object" && address !== null);
    const pool = await start();
    const instance = await pool.claim();
    const url = `http://127.0.0.1:${address.port}/`;
    const code = `fetch("${url}").then(r=>r.text()).then(console.log).catch(()=>process.exit(7))`;
    const { exit_code, output } = await run(instance, node(code));
    server.close();
    assert.notEqual(exit_code, 0);
    assert.ok(!output.includes("the host's own"));
  });

  it("does not show files beside the workspace", async () => {
    const pool = await start();
    await writeFile(join(pool.folder, "secret.txt"), CANARY);
    const instance = await pool.claim();
    const { exit_code, output } = await run(instance, `cat '${join(pool.folder, "secret.txt")}'`);
    assert.notEqual(exit_code, 0);
    assert.ok(!output.includes(CANARY));
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
      const pool = await start({
        settings: { limits: { memory_mb: 300, cpus: 2, processes: 64, disk_mb: 100 }, watch_ms: 100 },
      });
      const [bomber, other] = await Promise.all([pool.claim(), pool.claim()]);
      const bombing = run(bomber, line).then(
        ({ exit_code }) => `exit code ${exit_code ?? "none"}`,
        (error: unknown) => (error instanceof CoditectError ? error.message : String(error)),
      );
      const served = await other.call("execution/run", behaviour("work"), never);
      assert.equal(served.summary, "done");
      assert.match(await bombing, how);
    });
  }

  it("ends a worker that ignores every signal it can", async () => {
    const pool = await start();
    const instance = await pool.claim();
    await run(instance, `(trap "" TERM INT HUP; sleep 600) & echo started`);
    await pool.pool.terminate(instance.record().instance_id, "user:test", "asked for");
    assert.equal(instance.record().state, "Terminated");
  });
};
