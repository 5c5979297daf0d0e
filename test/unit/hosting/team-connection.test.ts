import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import { request } from "node:https";
import { TeamConnection } from "../../../server/hosting/team-connection.ts";
import { workspaceIdOf } from "../../../server/hosting/team-runtime.ts";
import { listen } from "../../../server/surfaces/rest/listening.ts";
import { treeText } from "../../../server/transfer/tree-text.ts";
import { rejectsWith } from "../../support/rejects.ts";
import { testTeam, testTls, type TestTeam } from "../../support/team-server.ts";
import { ownUserFolder } from "../../support/user-folder.ts";

const never = new AbortController().signal;

describe("the connection to a team server", function () {
  this.timeout(30_000);
  const user = ownUserFolder();
  const id = workspaceIdOf("a machine", "/work/shop");
  let team: TestTeam;
  /** The way to the server, which can be cut. */
  let way: Server;
  let isCut = false;
  let url: string;
  let token: { secret: string; id: string };
  before(async () => {
    user.use();
    team = await testTeam();
    way = createServer((asked, answered) => {
      if (isCut) {
        asked.socket.destroy();
        return;
      }
      const { method, url: path, headers } = asked;
      const to = { host: "127.0.0.1", port: team.server.port, ca: testTls.cert, method, path, headers };
      const forwarded = request(to, (response) => {
        answered.writeHead(response.statusCode ?? 500, response.headers);
        response.pipe(answered);
        answered.on("close", () => response.destroy());
      });
      forwarded.on("error", () => answered.destroy());
      asked.pipe(forwarded);
    });
    url = `http://127.0.0.1:${await listen(way, 0, "127.0.0.1")}`;
    const made = await team.tenants[0].tokens.create({ user: "ada", role: "operator", expires_at: null });
    token = { secret: made.secret, id: made.token.token_id };
  });
  after(async () => {
    way.closeAllConnections();
    way.close();
    await team.close();
    await user.restore();
  });

  /** Gives the workspace another tree, around the way, of which the server tells. */
  const change = async (target: string): Promise<void> => {
    const { text, sha256: tree } = treeText([{ path: "link", target }]);
    const piece = { sha256: tree, size: text.length, at: 0, data: Buffer.from(text).toString("base64") };
    const at = (path: string) => `/workspaces/${id}/api/files${path}`;
    await team.call("POST", at("/objects"), { token: token.secret, body: { pieces: [piece] } });
    const used = await team.call("PUT", at(""), { token: token.secret, body: { tree } });
    assert.deepEqual(used.json, { missing: [] });
  };

  it("delivers what happened while it was broken, and ends when the token is revoked", async () => {
    const options = { url: `${url}/`, token: token.secret, workspaceId: id, log: () => undefined };
    const connection = await TeamConnection.open(options);
    const waiting: (() => void)[] = [];
    const next = () => new Promise<void>((resolve) => waiting.push(resolve));
    connection.subscribe((event) => {
      assert.equal(event.type, "configuration.changed");
      waiting.shift()?.();
    });
    let told = next();
    await change("a");
    await told;

    const reached: boolean[] = [];
    const broken = new Promise<void>((resolve) => {
      connection.onReach((isReached) => {
        reached.push(isReached);
        resolve();
      });
    });
    isCut = true;
    way.closeAllConnections();
    await broken;
    told = next();
    await rejectsWith(connection.call("runs/list", {}, never), "server_unreachable");
    await change("b");
    isCut = false;
    await told;
    assert.deepEqual(reached, [false, true]);
    assert.equal((await connection.call("files/get", {}, never)).files, 1);

    await team.tenants[0].tokens.revoke(token.id);
    way.closeAllConnections();
    await rejectsWith(connection.lost, "token_refused");
    await rejectsWith(TeamConnection.open(options), "token_refused");
    await connection.close();
  });

  it("says so when the token is none of the server's, or nobody answers", async () => {
    const options = { url, token: "coditect", workspaceId: id, log: () => undefined };
    await rejectsWith(TeamConnection.open(options), "token_refused");
    await rejectsWith(TeamConnection.open({ ...options, url: "http://127.0.0.1:9" }), "server_unreachable");
  });

  it("names the same folder of the same machine by the same UUID, and any other by another", () => {
    assert.equal(workspaceIdOf("a machine", "/work/shop"), id);
    assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
    for (const other of [workspaceIdOf("another", "/work/shop"), workspaceIdOf("a machine", "/work/shop2")])
      assert.notEqual(other, id);
  });
});
