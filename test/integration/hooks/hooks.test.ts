import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, it } from "mocha";
import type { HookEvent } from "../../../schemas/hooks.ts";
import { createHooks } from "../../../server/hooks/create-hooks.ts";
import type { HookCall, Hooks } from "../../../server/hooks/hooks-api.ts";
import { noSecrets, type SecretTexts } from "../../../server/tools/secrets.ts";
import { KnownSecrets } from "../../../server/workspace/redact.ts";
import { heldSecrets } from "../../support/open-tools.ts";

const never = new AbortController().signal;
const beforeTool: HookCall = {
  event: "PreToolUse",
  task_id: "task",
  subject: "write_file",
  input: { tool_name: "write_file", tool_input: { path: "a.ts" } },
};

describe("hooks of a workspace", () => {
  let workspace: string;
  let opened: Hooks[];
  beforeEach(() => {
    workspace = mkdtempSync(join(tmpdir(), "coditect-hooks-"));
    mkdirSync(join(workspace, ".coditect"));
    opened = [];
  });
  afterEach(async () => {
    await Promise.all(opened.map((hooks) => hooks.close()));
    rmSync(workspace, { recursive: true });
  });

  const write = (hooks: Partial<Record<HookEvent, unknown>>): void => {
    writeFileSync(join(workspace, ".coditect/hooks.json"), JSON.stringify({ hooks }));
  };
  const hooksWith = (
    options: {
      consent?: boolean;
      untrusted?: boolean;
      allowed?: string[];
      environment?: NodeJS.ProcessEnv;
      secrets?: SecretTexts;
      mayLeaveSandbox?: boolean;
    } = {},
  ): Hooks => {
    const hooks = createHooks({
      workspace,
      scratchFolder: join(workspace, ".scratch"),
      settings: { allowed_hosts: options.allowed ?? [], untrusted: options.untrusted ?? false },
      unconfined: () => "allow",
      mayLeaveSandbox: options.mayLeaveSandbox ?? true,
      consents: { has: () => options.consent ?? true },
      environment: options.environment ?? {},
      secrets: options.secrets ?? noSecrets,
      known: new KnownSecrets({}),
      log: () => undefined,
    });
    opened.push(hooks);
    return hooks;
  };
  const command = (line: string, more: object = {}) => [
    { hooks: [{ type: "command", command: line, ...more }] },
  ];
  const runWith = (line: string, more: object = {}) => {
    write({ PreToolUse: command(line, more) });
    return hooksWith().run(beforeTool, never);
  };

  it("tells a command of the step, in the workspace", async () => {
    const line = `node -e 'process.stdin.on("data", (d) => fs.writeFileSync("told.json", d)).on("end", () => console.log("fine"))'`;
    assert.equal(await runWith(line, { sandbox: "none" }), null);
    assert.deepEqual(JSON.parse(readFileSync(join(workspace, "told.json"), "utf8")), {
      session_id: "task",
      cwd: workspace,
      hook_event_name: "PreToolUse",
      tool_name: "write_file",
      tool_input: { path: "a.ts" },
    });
  });

  it("does not wait for what a command left running in a session of its own", async () => {
    const leave = "setsid sleep 600 & echo $! > left; ";
    const answer = '{"hookSpecificOutput":{"permissionDecision":"deny","permissionDecisionReason":"no"}}';
    try {
      const decided = runWith(`${leave} echo '${answer}'`, { sandbox: "none" });
      await assert.rejects(decided, { code: "hook_refused", message: /no/ });
    } finally {
      process.kill(Number(readFileSync(join(workspace, "left"), "utf8")));
    }
  });

  it("confines a command: it reads the workspace and writes nothing there", async () => {
    writeFileSync(join(workspace, "rule.txt"), "no tabs");
    await assert.rejects(runWith("cat rule.txt >&2; touch written.txt; exit 2"), {
      code: "hook_refused",
      message: /no tabs[\s\S]*(Read-only|denied|not permitted)/i,
    });
  });

  it("gives a command no secret of the environment", async () => {
    process.env.CODITECT_SECRET_TEST = "hunter2";
    try {
      for (const sandbox of ["on", "none"])
        await assert.rejects(
          runWith('echo "it is [$CODITECT_SECRET_TEST]" >&2; exit 2', { sandbox }),
          /it is \[\]/,
        );
    } finally {
      delete process.env.CODITECT_SECRET_TEST;
    }
  });

  it("never leaves the sandbox where its files come from another machine", async () => {
    write({ PreToolUse: command("touch left", { sandbox: "none" }) });
    const hooks = hooksWith({ mayLeaveSandbox: false });
    await assert.rejects(hooks.run(beforeTool, never), /without a sandbox/);
    assert.equal(existsSync(join(workspace, "left")), false);
  });

  it("runs only the hooks whose matcher matches the whole name", async () => {
    const refusing = { type: "command", command: "exit 2", sandbox: "none" };
    const hooks = hooksWith();
    for (const matcher of ["write", "read_file|edit_file"]) {
      write({ PreToolUse: [{ matcher, hooks: [refusing] }] });
      assert.equal(await hooks.run(beforeTool, never), null, matcher);
    }
    for (const matcher of ["*", "", "write_.*", "read_file|write_file"]) {
      write({ PreToolUse: [{ matcher, hooks: [refusing] }] });
      await assert.rejects(hooks.run(beforeTool, never), { code: "hook_refused" }, matcher);
    }
  });

  const answers: [string, string, RegExp | null][] = [
    [
      "denies",
      '{"hookSpecificOutput":{"permissionDecision":"deny","permissionDecisionReason":"frozen"}}',
      /frozen/,
    ],
    ["blocks", '{"decision":"block","reason":"not today"}', /not today/],
    ["stops", '{"continue":false,"stopReason":"enough"}', /enough/],
    ["wants a person to be asked", '{"hookSpecificOutput":{"permissionDecision":"ask"}}', /wants a person/],
    ["allows", '{"hookSpecificOutput":{"permissionDecision":"allow"}}', null],
    ["prints text", "all is well", null],
    ["prints nothing", "", null],
  ];
  for (const [what, answer, refusal] of answers)
    it(`understands a hook that ${what}`, async () => {
      const run = runWith(`printf '%s' '${answer}'`, { sandbox: "none", name: "guard" });
      if (refusal === null) assert.equal(await run, null);
      else await assert.rejects(run, { code: "hook_refused", message: refusal });
    });

  const failures: [string, string, RegExp][] = [
    ["fails", "echo broken >&2; exit 1", /The hook guard failed at PreToolUse: .*exit code 1: broken/],
    ["is not there", "no-such-program-here", /The hook guard failed at PreToolUse: .*exit code 127/],
    [
      "hangs",
      "sleep 60 & sleep 60",
      /The hook guard failed at PreToolUse: it did not end within 0\.5 seconds/,
    ],
    ["answers with broken JSON", "echo '{\"decision\":'", /its answer is not valid JSON/],
    ["answers with something else", 'echo \'{"decision":"maybe"}\'', /its answer is not one of a hook/],
    ["changes the input", 'echo \'{"hookSpecificOutput":{"updatedInput":{}}}\'', /changes the input/],
  ];
  for (const [what, line, message] of failures)
    it(`stops the step, with its name, when a hook ${what}`, async () => {
      const timeout = what === "hangs" ? 0.5 : 30;
      const run = runWith(line, { sandbox: "none", name: "guard", timeout });
      await assert.rejects(run, { code: "hook_failed", message });
    });

  it("ends with the step that it belongs to", async () => {
    const stop = new AbortController();
    write({ PreToolUse: command("sleep 60", { sandbox: "none" }) });
    const run = hooksWith().run(beforeTool, stop.signal);
    setTimeout(() => {
      stop.abort();
    }, 50);
    await assert.rejects(run, { code: "cancelled" });
  });

  it("collects what hooks add for the agent, in their order", async () => {
    const adding = (word: string) => ({
      type: "command",
      sandbox: "none",
      command: `echo '{"hookSpecificOutput":{"additionalContext":"${word}"}}'`,
    });
    write({ PreToolUse: [{ hooks: [adding("one"), adding("two")] }] });
    assert.equal(await hooksWith().run(beforeTool, never), "one\ntwo");
  });

  it("does not run, and lets nothing pass, before the user has allowed the folder", async () => {
    write({ PreToolUse: command("touch ran", { sandbox: "none" }) });
    const hooks = hooksWith({ consent: false });
    assert.throws(
      () => {
        hooks.admit();
      },
      { code: "hooks_unconfirmed", message: /it runs touch ran \(without a sandbox\)/ },
    );
    await assert.rejects(hooks.run(beforeTool, never), { code: "hooks_unconfirmed" });
    assert.throws(() => readFileSync(join(workspace, "ran")));
  });

  it("has none in an untrusted workspace", async () => {
    write({ PreToolUse: command("exit 2") });
    const hooks = hooksWith({ untrusted: true, consent: false });
    hooks.admit();
    assert.deepEqual([hooks.has("PreToolUse"), await hooks.run(beforeTool, never)], [false, null]);
  });

  it("names what is wrong with the file", () => {
    write({ PreToolUse: [{ matcher: "(", hooks: [] }] });
    assert.throws(() => hooksWith().has("PreToolUse"), {
      code: "invalid_file",
      message: /regular expression/,
    });
  });

  describe("over HTTP", () => {
    it("posts the step with a stored secret, and takes the decision without it", async () => {
      const got: unknown[] = [];
      const service = createServer((request, response) => {
        void text(request).then((body) => {
          got.push([request.method, request.headers.authorization, JSON.parse(body)]);
          response.end('{"decision":"block","reason":"s3cret-of-policy by policy"}');
        });
      }).listen(0, "127.0.0.1");
      await once(service, "listening");
      try {
        const host = `127.0.0.1:${(service.address() as AddressInfo).port}`;
        const headers = { authorization: "secret:policy" };
        write({ PreToolUse: [{ hooks: [{ type: "http", url: `http://${host}/`, headers }] }] });
        const secrets = heldSecrets();
        await secrets.setText("secret:policy", "Bearer s3cret-of-policy");
        const run = hooksWith({ allowed: [host], secrets }).run(beforeTool, never);
        await assert.rejects(run, { code: "hook_refused", message: /: \[redacted\] by policy/ });
        const input = { tool_name: "write_file", tool_input: { path: "a.ts" } };
        const told = { session_id: "task", cwd: workspace, hook_event_name: "PreToolUse", ...input };
        assert.deepEqual(got, [["POST", "Bearer s3cret-of-policy", told]]);
      } finally {
        service.close();
      }
    });

    it("does not reach a private address that nobody listed", async () => {
      write({ PreToolUse: [{ hooks: [{ type: "http", url: "http://127.0.0.1:9/" }] }] });
      await assert.rejects(hooksWith().run(beforeTool, never), { code: "hook_failed" });
    });
  });
});
