import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { request } from "node:https";
import type { IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, it } from "mocha";
import { z } from "zod";
import { RuntimeEvent } from "../../../../schemas/events.ts";
import { copySample } from "../../../../server/rehearsal/built-in.ts";
import { root, runCommand, type RunningCommand, startCommand } from "../../../support/command.ts";
import { callHttps, testTls } from "../../../support/team-server.ts";

const Serving = z.object({ url: z.url(), tenants: z.array(z.object({ name: z.string() })) });
const tls = (name: string): string => join(root, "test", "fixtures", "tls", name);

describe("coditect serve --listen", () => {
  let user: string;
  let acme: string;
  let globex: string;
  let server: RunningCommand;
  let port: number;
  let operator: string;
  before(async () => {
    user = await mkdtemp(join(tmpdir(), "coditect-user-"));
    [acme, globex] = await Promise.all([copySample(), copySample()]);
    const listen = ["--listen", "127.0.0.1:0", "--tls-cert", tls("cert.pem"), "--tls-key", tls("key.pem")];
    const tenants = ["--tenant", `acme=${acme}`, "--tenant", `globex=${globex}`];
    server = startCommand(["serve", ...listen, ...tenants, "--json"], { folder: user, environment: own() });
    assert.ok(server.child.stdout);
    const { value } = await createInterface({ input: server.child.stdout })[Symbol.asyncIterator]().next();
    const serving = Serving.parse(JSON.parse(String(value)));
    assert.deepEqual(
      serving.tenants.map(({ name }) => name),
      ["acme", "globex"],
    );
    port = Number(new URL(serving.url).port);
    operator = await token(acme, "operator");
  });
  after(async () => {
    server.child.kill("SIGKILL");
    for (const folder of [user, acme, globex]) await rm(folder, { recursive: true, force: true });
  });
  const own = (): NodeJS.ProcessEnv => ({ XDG_CONFIG_HOME: user });
  const cli = (folder: string, ...args: string[]) => runCommand(args, { folder, environment: own() });
  const token = async (folder: string, role: string): Promise<string> => {
    const { exit_code, stdout, stderr } = await cli(
      folder,
      "tokens",
      "create",
      "--user",
      "ada",
      "--role",
      role,
    );
    assert.equal(exit_code, 0, stderr);
    return stdout.trim();
  };
  const call = (verb: string, path: string, bearer: string, body?: unknown) =>
    callHttps(port, verb, path, { token: bearer, ...(body !== undefined && { body }) });

  const followEvents = async (): Promise<
    (until: (event: RuntimeEvent) => boolean) => Promise<RuntimeEvent>
  > => {
    const asked = request({
      ...{ host: "127.0.0.1", port, path: "/api/events", ca: testTls.cert, agent: false },
      headers: { authorization: `Bearer ${operator}` },
    });
    asked.end();
    // The type of `once` does not know what a response event brings.
    const [response] = (await once(asked, "response")) as [IncomingMessage];
    return async (until) => {
      let rest = "";
      for await (const chunk of response) {
        const blocks = (rest + String(chunk)).split("\n\n");
        rest = blocks.pop() ?? "";
        for (const block of blocks) {
          const [, data] = /^data: (.*)$/m.exec(block) ?? [];
          if (data === undefined) continue;
          const event = RuntimeEvent.parse(JSON.parse(data));
          if (until(event)) return event;
        }
      }
      throw new Error("the stream ended");
    };
  };

  it("runs a team for an operator over TLS, whose events arrive", async () => {
    const { json: rehearsal } = await call("POST", "/api/models/rehearsal", operator, {});
    const waitFor = await followEvents();
    const started = await call("POST", "/api/agent-teams/architecture/execute", operator, {
      task: "Split the bill",
      file: "src/bill.js",
      options: { provider: rehearsal.provider },
    });
    assert.equal(started.status, 202, started.text);
    const { task_id } = started.json;
    const end = await waitFor((event) => event.type === "run.finished" && event.task_id === task_id);
    assert.ok(end.type === "run.finished");
    assert.equal(end.status, "Succeeded");
    const refused = await call("POST", "/api/tokens", operator, { user: "eve", role: "admin" });
    assert.equal(refused.json.code, "not_authorised");
  });

  it("keeps tenants apart: state, tokens and lists", async () => {
    const other = await token(globex, "admin");
    assert.deepEqual((await call("GET", "/api/team-runs", other)).json.items, []);
    assert.equal(((await call("GET", "/api/team-runs", operator)).json.items as unknown[]).length, 1);
    assert.deepEqual((await readdir(join(globex, ".coditect", "state"))).includes("audit.jsonl"), true);
    assert.ok(!(await cli(globex, "audit", "--json")).stdout.includes("teams/execute"));
  });

  it("refuses a token from the moment in which it is revoked", async () => {
    const bearer = await token(acme, "viewer");
    assert.equal((await call("GET", "/api/agents", bearer)).status, 200);
    const [listed = ""] = (await cli(acme, "tokens", "list", "--json")).stdout.split("\n");
    const { token_id } = z.object({ token_id: z.uuid() }).parse(JSON.parse(listed));
    assert.equal((await cli(acme, "tokens", "revoke", token_id)).exit_code, 0);
    assert.equal((await call("GET", "/api/agents", bearer)).status, 401);
  });

  it("has recorded who did it, from where, in a chain that doctor finds whole", async () => {
    const { stdout } = await cli(acme, "audit");
    assert.match(stdout, /ada +rest 127\.0\.0\.1 +teams\/execute .*task_id=.* ok/);
    assert.match(stdout, /ada +rest 127\.0\.0\.1 +tokens\/create +user=eve +not_authorised/);
    assert.match((await cli(acme, "doctor")).stdout, /✔ +audit +\d+ entries/);
    const exported = join(user, "audit.jsonl");
    await writeFile(exported, (await cli(acme, "audit", "--json")).stdout);
    const verify = (...args: string[]) => cli(user, "audit", "verify", exported, ...args);
    assert.match((await verify("--workspace", acme)).stdout, /\d+ entries verified/);
    const other = await verify("--workspace", globex);
    assert.deepEqual([other.exit_code, other.stdout.includes("does not begin with these")], [1, true]);
  });

  it("asks for TLS, and for the name of nothing that is not there", async () => {
    for (const [args, said] of [
      [["--listen", "127.0.0.1:0"], /--tls-cert/],
      [["--tls-cert", "x"], /Use --listen HOST:PORT with --tls-cert/],
      [["--listen", "8443", "--tls-cert", "x", "--tls-key", "x"], /HOST:PORT/],
      [["--listen", "127.0.0.1:0", "--tls-cert", "x", "--tls-key", "x"], /cannot read x/],
    ] as const) {
      const { exit_code, stderr } = await cli(globex, "serve", ...args);
      assert.equal(exit_code, 2);
      assert.match(stderr, said);
    }
  });

  it("drains and ends when it is told to", async () => {
    server.child.kill("SIGTERM");
    const { exit_code, stderr } = await server.result;
    assert.equal(exit_code, 130, stderr);
    await assert.rejects(call("GET", "/healthz", operator), /ECONNREFUSED/);
  });
});
