import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startRuntime } from "../../harness.ts";
import { protocols } from "../../model-protocols.ts";
import { startModelServer } from "../../model-servers.ts";
import {
  agentWith,
  allAt,
  ask,
  chargeTo,
  failureOf,
  gatewayWith,
  modelServers,
  question,
  quickClock,
} from "../../support/gateway.ts";
import { call, finish, reader } from "../../support/one-round.ts";

const PASSWORD = "geheim@7";
const withLogin = (url: string): string => url.replace("//", `//ann:${encodeURIComponent(PASSWORD)}@`);
const header = `Basic ${Buffer.from(`ann:${PASSWORD}`).toString("base64")}`;

/** The text of all files in a folder. */
const textIn = async (folder: string): Promise<string> => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const texts = entries
    .filter((entry) => entry.isFile())
    .map((entry) => readFile(join(entry.parentPath, entry.name), "latin1"));
  return (await Promise.all(texts)).join("\n");
};

describe("the name and password in the address of a provider", () => {
  const serve = modelServers();

  for (const protocol of protocols)
    it(`reach the service with the protocol of ${protocol.name}, and do not appear in errors`, async () => {
      // A request on a kept connection that was closed is sent again once.
      const server = await serve({ Coder: [{ text: "Hi" }, { cutAfter: 0 }, { cutAfter: 0 }] });
      const address = withLogin(server.url);
      const options = { endpoints: allAt(address), ollamaEndpoint: address, clock: quickClock() };
      const { gateway } = gatewayWith(options);
      const charge = chargeTo(agentWith(protocol.provider(server.url), { max_retries: 0 }));
      await ask(gateway, question("Hello"), charge);
      assert.equal(server.requests[0]?.headers.authorization, header);

      const { message } = await failureOf(ask(gateway, question("Hello"), charge));
      assert.match(message, /127\.0\.0\.1/);
      assert.doesNotMatch(message, /ann:|geheim/);
    });

  it("are not sent to any other server", async () => {
    const [mine, other] = [await serve({ Coder: [] }), await serve({ Coder: [{ text: "Hi" }] })];
    const { gateway } = gatewayWith({ ollamaEndpoint: withLogin(mine.url) });
    await ask(gateway, question("Hello"), chargeTo(agentWith(other.ollama())));
    assert.doesNotMatch(other.requests[0]?.headers.authorization ?? "", /Basic/);
  });

  it("are not stored in any file of a run", async () => {
    const workspace = await mkdtemp(join(tmpdir(), "coditect-project-"));
    await writeFile(join(workspace, "a.js"), "export const a = 1;\n");
    const server = await startModelServer({ Reviewer: [call("read_file", { path: "a.js" }), finish] });
    const provider = { Ollama: { model: "m", endpoint: server.url } };
    try {
      const endpoints = { Ollama: withLogin(server.url) };
      const runtime = await startRuntime({ workspace, settings: { provider, endpoints } });
      const { team_id } = await runtime.call("teams/create", reader);
      await runtime.call("teams/execute", { team_id, task: "Read it", options: { provider } });
      const { status } = await runtime.event("run.finished");
      await runtime.close();
      assert.equal(status, "Succeeded");
      assert.deepEqual(
        server.requests.map(({ headers }) => headers.authorization),
        [header, header],
      );
      const stored = await textIn(workspace);
      assert.ok(stored.includes(server.url), "the address itself is kept");
      assert.doesNotMatch(stored, /geheim|ann:/);
    } finally {
      await server.close();
      await rm(workspace, { recursive: true, force: true });
    }
  });
});
