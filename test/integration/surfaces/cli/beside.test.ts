import assert from "node:assert/strict";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import { createServer, type Server, type ServerResponse } from "node:http";
import { afterEach, beforeEach, describe, it } from "mocha";
import { z } from "zod";
import { Settings } from "../../../../schemas/settings.ts";
import { environmentCredentials } from "../../../../server/gateway/credentials.ts";
import { builtWorker } from "../../../support/product.ts";
import { openRuntime } from "../../../../server/hosting/open-runtime.ts";
import { serveRest } from "../../../../server/surfaces/rest/rest.ts";
import { copySample } from "../../../../server/rehearsal/built-in.ts";
import { eventsOf, lastOf, runCommand, type RunningCommand, startCommand } from "../../../support/command.ts";
import { editorOn } from "../../../support/editor.ts";

const Listed = z.object({ run: z.object({ task_id: z.uuid(), status: z.string() }) });

/** A model that takes a request and answers when the test says so. */
interface HeldModel {
  endpoint: string;
  /** Resolves with the next request that comes in. */
  asked: () => Promise<ServerResponse>;
  close: () => void;
}

const heldModel = async (): Promise<HeldModel> => {
  const server: Server = createServer(() => undefined).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  assert.ok(address !== null && typeof address === "object");
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    // What the event hands over with a request.
    asked: async () => ((await once(server, "request")) as [unknown, ServerResponse])[1],
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
};

const refuse = (response: ServerResponse): void => {
  response.writeHead(400, { "content-type": "application/json" }).end('{"error":"no"}');
};

describe("commands and editors on one state folder at the same time", () => {
  let workspace: string;
  let model: HeldModel;
  const started: RunningCommand[] = [];
  beforeEach(async () => {
    workspace = await copySample();
    model = await heldModel();
  });
  afterEach(async () => {
    for (const { child } of started.splice(0)) child.kill("SIGKILL");
    model.close();
    await rm(workspace, { recursive: true });
  });

  const start = (...args: string[]): RunningCommand => {
    const command = startCommand(["run", ...args, "--json"], { folder: workspace });
    started.push(command);
    return command;
  };
  /** A run that waits for the model's answer. */
  const startHeld = async (): Promise<RunningCommand & { response: ServerResponse }> => {
    const asked = model.asked();
    const provider = ["--provider", "ollama", "--model", "m", "--endpoint", model.endpoint];
    const command = start("tdd", "src/bill.js", "--task", "x", ...provider);
    return { ...command, response: await asked };
  };
  const statuses = async (): Promise<string[]> => {
    const { stdout, stderr } = await runCommand(["runs", "list", "--json"], { folder: workspace });
    const lines = stdout.split("\n").filter((line) => line !== "");
    assert.ok(lines.length > 0, stderr);
    return lines.map((line) => Listed.parse(JSON.parse(line)).run.status);
  };

  it("a second command works in the runtime of the first, which stays until that is done", async () => {
    const first = await startHeld();
    const second = start("architecture", "src/bill.js", "--task", "x", "--provider", "rehearsal");
    assert.ok(second.child.stdout);
    await once(second.child.stdout, "data");
    refuse(first.response);

    const [ended, other] = await Promise.all([first.result, second.result]);
    assert.equal(ended.exit_code, 3, ended.stderr);
    assert.equal(lastOf(eventsOf(ended.stdout)).status, "Failed");
    assert.equal(other.exit_code, 0, other.stderr);
    const { status, changes } = lastOf(eventsOf(other.stdout));
    assert.equal(status, "Succeeded");
    assert.ok(changes.length > 0);
  });

  it("interrupting the second command cancels its run, and no other", async () => {
    await startHeld();
    const second = await startHeld();
    second.child.kill("SIGINT");
    const { exit_code, stdout, stderr } = await second.result;
    assert.equal(exit_code, 130, stderr);
    assert.equal(lastOf(eventsOf(stdout)).status, "Cancelled");
    assert.deepEqual(await statuses(), ["Cancelled", "Running"]);
  });

  it("interrupting the first ends it at once; the second says what to do, and its run can be resumed", async () => {
    const first = await startHeld();
    const second = await startHeld();
    first.child.kill("SIGINT");
    assert.equal((await first.result).exit_code, 130);
    const { exit_code, stderr } = await second.result;
    assert.equal(exit_code, 3);
    assert.match(stderr, /no longer responds/);
    assert.match(stderr, /Resume the run/);
    assert.deepEqual(await statuses(), ["Interrupted", "Cancelled"]);
  });

  it("says that an address of a provider cannot be given to another process's runtime", async () => {
    await startHeld();
    const second = start("review", "src/bill.js", "--provider", "claude", "--endpoint", model.endpoint);
    const { exit_code, stderr } = await second.result;
    assert.equal(exit_code, 2);
    assert.match(stderr, /--endpoint cannot be given for claude/);
  });

  it("an editor sees the run of a command, and is told when that interrupts one of its own", async () => {
    const command = await startHeld();
    const editor = editorOn(workspace, (folder, stateFolder, { settings }) =>
      openRuntime(
        {
          workspace: folder.root,
          stateFolder,
          settings: Settings.parse(settings.runtime),
          credentials: environmentCredentials({}),
          worker: builtWorker(),
          log: () => undefined,
        },
        { openSurface: serveRest, version: "1.2.3" },
      ),
    );
    await editor.initialize();
    const page = z.object({ items: z.array(Listed) });
    const list = async () => page.parse(await editor.connection.sendRequest("coditect/runs/list", {})).items;
    assert.deepEqual(
      (await list()).map(({ run }) => run.status),
      ["Running"],
    );

    const asked = model.asked();
    const request = {
      team_id: "tdd",
      file: "src/bill.js",
      options: { provider: { Ollama: { model: "m", endpoint: model.endpoint } } },
    };
    const own = Listed.shape.run.parse(
      await editor.connection.sendRequest("coditect/teams/execute", request),
    );
    await asked;
    command.child.kill("SIGINT");
    await command.result;
    const Changed = z.object({ type: z.string(), task_id: z.string(), status: z.string().optional() });
    for (;;) {
      const event = Changed.safeParse(await editor.next("coditect/event")).data;
      if (event?.task_id === own.task_id && event.status === "Interrupted") break;
    }
    assert.deepEqual((await list()).map(({ run }) => run.status).toSorted(), ["Cancelled", "Interrupted"]);
    await editor.close();
  });
});
