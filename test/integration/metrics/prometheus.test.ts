import assert from "node:assert/strict";
import { type ChildProcess, execFile, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { z } from "zod";
import { copySample } from "../../../server/rehearsal/built-in.ts";
import { runCommand, type RunningCommand, startCommand } from "../../support/command.ts";
import { skipUnlessNull } from "../../support/skip.ts";

const run = promisify(execFile);

const missingPrometheus = (): string | null => {
  try {
    execFileSync("promtool", ["--version"], { stdio: "ignore" });
    return null;
  } catch {
    return "Prometheus is not installed (apt-get install prometheus)";
  }
};

const Serving = z.object({ url: z.url(), endpoint_file: z.string() });
const Endpoint = z.looseObject({ token: z.string() });
const Answer = z.looseObject({
  data: z.looseObject({
    result: z.array(z.looseObject({ value: z.tuple([z.number(), z.string()]) })),
  }),
});
const Rules = z.looseObject({
  data: z.looseObject({
    groups: z.array(
      z.looseObject({ rules: z.array(z.looseObject({ name: z.string(), health: z.string() })) }),
    ),
  }),
});

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  // A server that listens on a port has such an address.
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
};

describe("a real Prometheus", function () {
  skipUnlessNull(this, missingPrometheus());
  let folder: string;
  let workspace: string;
  let serve: RunningCommand;
  let prometheus: ChildProcess | null = null;
  let api: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "coditect-prometheus-"));
    workspace = await copySample();
    serve = startCommand(["serve", "--json"], { folder: workspace });
    assert.ok(serve.child.stdout);
    const lines = createInterface({ input: serve.child.stdout })[Symbol.asyncIterator]();
    const serving = Serving.parse(JSON.parse(String((await lines.next()).value)));
    const { token } = Endpoint.parse(JSON.parse(await readFile(serving.endpoint_file, "utf8")));
    await writeFile(join(folder, "token"), token);
    const rules = await runCommand(["metrics", "rules"], { folder: workspace });
    assert.equal(rules.exit_code, 0, rules.stderr);
    await writeFile(join(folder, "rules.yml"), rules.stdout);
    await writeFile(
      join(folder, "prometheus.yml"),
      JSON.stringify({
        global: { scrape_interval: "1s", evaluation_interval: "1s" },
        rule_files: ["rules.yml"],
        scrape_configs: [
          {
            job_name: "coditect",
            authorization: { credentials_file: join(folder, "token") },
            static_configs: [{ targets: [new URL(serving.url).host] }],
          },
        ],
      }),
    );
    const address = `127.0.0.1:${await freePort()}`;
    api = `http://${address}/api/v1`;
    const flags = [
      "--config.file",
      join(folder, "prometheus.yml"),
      "--storage.tsdb.path",
      join(folder, "data"),
    ];
    prometheus = spawn("prometheus", [...flags, `--web.listen-address=${address}`], { stdio: "ignore" });
  });
  after(async () => {
    prometheus?.kill("SIGKILL");
    serve.child.kill("SIGKILL");
    if (prometheus !== null && prometheus.exitCode === null) await once(prometheus, "close");
    await rm(folder, { recursive: true, force: true });
    await rm(workspace, { recursive: true, force: true });
  });

  /** Asks until the answer is there: Prometheus starts, then scrapes, then evaluates its rules. */
  const ask = async <Result>(path: string, read: (answer: unknown) => Result | null): Promise<Result> => {
    const deadline = AbortSignal.timeout(180_000);
    for (;;) {
      deadline.throwIfAborted();
      const answer = await fetch(`${api}${path}`, { signal: deadline }).catch(() => null);
      const result = answer?.ok === true ? read(await answer.json()) : null;
      if (result !== null) return result;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  };

  it("accepts the alerts as rules", async () => {
    const { stdout } = await run("promtool", ["check", "rules", join(folder, "rules.yml")]);
    assert.match(stdout, /SUCCESS: 5 rules found/);
    const groups = await ask("/rules", (answer) => {
      const found = Rules.parse(answer).data.groups;
      const isDone = found.some(({ rules }) => rules.every(({ health }) => health === "ok"));
      return isDone ? found : null;
    });
    assert.equal(groups.flatMap(({ rules }) => rules).length, 5);
  });

  it("reads what agents did, with labels and numbers as they are", async () => {
    const args = ["run", "review", "src/bill.js", "--provider", "rehearsal", "--json"];
    const { exit_code, stderr } = await runCommand(args, { folder: workspace });
    assert.equal(exit_code, 0, stderr);
    const query = 'sum(coditect_executions_total{workflow="review",status="completed"})';
    const count = await ask(`/query?query=${encodeURIComponent(query)}`, (answer) => {
      const [first] = Answer.parse(answer).data.result;
      return first === undefined ? null : Number(first.value[1]);
    });
    assert.ok(count >= 1, String(count));
  });
});
