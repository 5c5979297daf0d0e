import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "mocha";
import { createLogins, type OpenPage } from "../../../server/tools/oauth/logins.ts";
import { loginName } from "../../../server/tools/oauth/server-login.ts";
import type { SecretTexts } from "../../../server/tools/secrets.ts";
import { KnownSecrets } from "../../../server/workspace/redact.ts";
import { startOAuthServer, type OAuthServer } from "../../support/oauth-server.ts";
import { callAny, heldSecrets, toolWorkspace, type ToolWorkspace } from "../../support/open-tools.ts";
import { anAgent } from "../../support/records.ts";
import { rejectsWith } from "../../support/rejects.ts";

const never = new AbortController().signal;

describe("logins to MCP servers", () => {
  let files: ToolWorkspace;
  let service: OAuthServer;
  let secrets: SecretTexts;

  beforeEach(async () => {
    files = toolWorkspace();
    service = await startOAuthServer();
    secrets = heldSecrets();
    files.writeServers({
      tracker: { url: service.url, headers: {}, oauth: {} },
      open: { url: "https://example.org/mcp", headers: {} },
    });
  });
  afterEach(async () => {
    service.close();
    await files.remove();
  });

  /** The user's browser: it follows the pages back to the runtime. */
  const browse: OpenPage = async (_server, page) => (await fetch(page)).ok;
  const loginsWith = (openPage: OpenPage | null) =>
    createLogins({
      ...{ workspace: files.folder, environment: {}, secrets, known: new KnownSecrets({}), openPage },
      settings: { allowed_hosts: [service.host], mcp_files: [] },
    });
  const logIn = (openPage: OpenPage | null = browse, signal = never) =>
    loginsWith(openPage).logIn("tracker", signal);
  const open = () => files.open({ allowed: [service.host], secrets });
  const stored = async (): Promise<string> => (await secrets.text(loginName(service.url))) ?? "";

  it("are listed with their state, for the servers that use a login", async () => {
    const list = () => loginsWith(null).list();
    assert.deepEqual(await list(), [{ server: "tracker", url: service.url, logged_in: false }]);
    await logIn();
    assert.deepEqual(await list(), [{ server: "tracker", url: service.url, logged_in: true }]);
    await loginsWith(null).logOut("tracker");
    assert.deepEqual(await list(), [{ server: "tracker", url: service.url, logged_in: false }]);
  });

  it("are used by agents, even by those that were refused before", async () => {
    const tools = open();
    assert.deepEqual(await tools.offers(anAgent(), null), []);
    assert.match(files.warnings.join("\n"), /The MCP server tracker asks you to log in/);
    await logIn();
    assert.deepEqual(await callAny(tools, "tracker__act", {}), { content: "did it", is_error: false });
    assert.deepEqual(service.grants, ["authorization_code"]);
  });

  it("are renewed when they have expired, and the new tokens are kept", async () => {
    await logIn();
    const tools = open();
    await callAny(tools, "tracker__act", {});
    const first = await stored();
    service.expire();
    assert.deepEqual(await callAny(tools, "tracker__act", {}), { content: "did it", is_error: false });
    assert.deepEqual(service.grants, ["authorization_code", "refresh_token"]);
    assert.notEqual(await stored(), first);
    service.expire();
    assert.deepEqual(await callAny(open(), "tracker__act", {}), { content: "did it", is_error: false });
  });

  it("are renewed each time they expire by a service that keeps its refresh token", async () => {
    service.rotation.isOn = false;
    await logIn();
    const tools = open();
    for (const index of [1, 2, 3]) {
      service.expire();
      const answer = await callAny(tools, "tracker__act", { index });
      assert.deepEqual(answer, { content: "did it", is_error: false });
    }
    const renewals = service.grants.filter((grant) => grant === "refresh_token");
    assert.equal(renewals.length, 3);
  });

  it("are renewed only once if several calls find them expired at the same time", async () => {
    await logIn();
    const [tools, others] = [open(), open()];
    for (const each of [tools, others]) await callAny(each, "tracker__act", {});
    service.expire();
    const answers = await Promise.all(
      [tools, tools, tools, others].map((each, index) => callAny(each, "tracker__act", { index })),
    );
    assert.deepEqual(
      answers.map(({ content }) => content),
      answers.map(() => "did it"),
    );
    service.expire();
    assert.deepEqual(await callAny(open(), "tracker__act", {}), { content: "did it", is_error: false });
  });

  it("are requested again when the service no longer renews them", async () => {
    await logIn();
    const tools = open();
    await callAny(tools, "tracker__act", {});
    service.expire(true);
    const { content, is_error } = await callAny(tools, "tracker__act", {});
    assert.equal(is_error, true);
    assert.match(content, /The MCP server tracker asks you to log in/);
    assert.ok(service.grants.includes("refresh_token refused"));
    await logIn();
    assert.deepEqual(await callAny(tools, "tracker__act", {}), { content: "did it", is_error: false });
  });

  it("do not accept an answer that belongs to another login", async () => {
    let refused = 0;
    await logIn(async (_server, page) => {
      const callback = new URL(page.searchParams.get("redirect_uri") ?? "");
      for (const query of ["?code=mine", "?code=mine&state=guessed", "?error=no&state="])
        refused += (await fetch(new URL(query, callback))).status === 400 ? 1 : 0;
      return (await fetch(page)).ok;
    });
    assert.equal(refused, 3);
    assert.deepEqual(service.grants, ["authorization_code"]);
  });

  it("need proof that we started them", async () => {
    const tampered: OpenPage = async (_server, page) => {
      const other = new URL(page);
      other.searchParams.set("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
      return (await fetch(other)).ok;
    };
    await rejectsWith(logIn(tampered), "login_failed");
    assert.deepEqual([...new Set(service.grants)], ["authorization_code refused"]);
    assert.doesNotMatch(await stored(), /access-/);
  });

  it("fail with the reason if the user or the service refuses, or if nobody can open a page", async () => {
    await assert.rejects(
      logIn(() => Promise.resolve(false)),
      {
        code: "login_failed",
        message: /you did not open the login page/,
      },
    );
    service.person.refuses = true;
    await assert.rejects(logIn(), { code: "login_failed", message: /access_denied/ });
    await assert.rejects(logIn(null), { code: "login_failed", message: /no editor is connected/ });
    await rejectsWith(loginsWith(browse).logIn("none", never), "not_found");
    await rejectsWith(loginsWith(browse).logIn("open", never), "usage");
    assert.equal((await loginsWith(null).list())[0]?.logged_in, false);
  });

  it("end when the user cancels them, and do not leave a port open", async () => {
    const stop = new AbortController();
    let callback = "";
    const waiting: OpenPage = (_server, page) => {
      callback = page.searchParams.get("redirect_uri") ?? "";
      stop.abort();
      return Promise.resolve(true);
    };
    await rejectsWith(logIn(waiting, stop.signal), "cancelled");
    await assert.rejects(fetch(callback));
  });
});
