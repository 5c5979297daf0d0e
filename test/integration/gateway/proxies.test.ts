import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer as createHttp, type Server } from "node:http";
import { createServer as createHttps } from "node:https";
import { connect, type AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { proxyEnvironment } from "../../../client/runtime/proxy-environment.ts";
import { claudeProtocol } from "../../model-protocols.ts";

const fixture = (name: string): string =>
  fileURLToPath(new URL(`../../fixtures/tls/private-ca/${name}`, import.meta.url));
const program = fileURLToPath(new URL("../../support/ask-claude.ts", import.meta.url));
const run = promisify(execFile);

const portOf = async (server: Server): Promise<number> => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port; // It listens on TCP.
};

describe("a model behind a company's proxy and certificate", () => {
  const tunnels: string[] = [];
  let status = 200;
  const service = createHttps(
    { cert: readFileSync(fixture("cert.pem")), key: readFileSync(fixture("key.pem")) },
    (request, response) => {
      request.resume();
      response.writeHead(200, { "content-type": claudeProtocol.contentType });
      response.end(claudeProtocol.events({ text: "Hi" }, {}, 1).join(""));
    },
  );
  const proxy = createHttp();
  let servicePort = 0;
  let proxyAddress = "";

  /** The only way to `models.example` is through the proxy: no such host exists. */
  proxy.on("connect", (request, client) => {
    tunnels.push(request.url ?? "");
    if (status !== 200) {
      client.end(`HTTP/1.1 ${status} Refused\r\n\r\n`);
      return;
    }
    const far = connect(servicePort, "127.0.0.1", () => {
      client.write("HTTP/1.1 200 Connection established\r\n\r\n");
      far.pipe(client);
      client.pipe(far);
    });
    client.on("error", () => far.destroy());
    far.on("error", () => client.destroy());
  });

  before(async () => {
    servicePort = await portOf(service);
    proxyAddress = `127.0.0.1:${await portOf(proxy)}`;
  });
  beforeEach(() => {
    tunnels.length = 0;
    status = 200;
  });
  after(() => {
    for (const server of [proxy, service]) {
      server.closeAllConnections();
      server.close();
    }
  });

  const askWith = async (environment: Record<string, string>): Promise<unknown> => {
    const env = { PATH: process.env.PATH, ...environment };
    const { stdout } = await run(process.execPath, [program, "https://models.example"], { env });
    return JSON.parse(stdout);
  };
  const answered = { content: [{ type: "text", text: "Hi" }] };
  const trusted = { NODE_EXTRA_CA_CERTS: fixture("ca.pem") };

  it("is reached by HTTPS_PROXY and NODE_EXTRA_CA_CERTS", async () => {
    assert.deepEqual(await askWith({ HTTPS_PROXY: proxyAddress, ...trusted }), answered);
    assert.deepEqual(tunnels, ["models.example:443"]);
  });

  it("is not asked through the proxy where NO_PROXY names it", async () => {
    const said = await askWith({ HTTPS_PROXY: proxyAddress, NO_PROXY: ".example", ...trusted });
    assert.deepEqual(said, {
      code: "provider_unreachable",
      message: "Cannot reach Claude at https://models.example: the host name is not known",
    });
    assert.deepEqual(tunnels, []);
  });

  it("says what to do about a certificate of an unknown authority", async () => {
    const said = await askWith({ HTTPS_PROXY: proxyAddress });
    assert.match(JSON.stringify(said), /its certificate is not trusted .*NODE_EXTRA_CA_CERTS/);
  });

  // Where a machine keeps its authorities; other systems have a store that a test cannot change.
  const system = { SSL_CERT_FILE: fixture("ca.pem") };
  const onLinux = process.platform === "linux" ? it : it.skip;

  onLinux("is reached by an authority of the operating system", async () => {
    assert.deepEqual(await askWith({ HTTPS_PROXY: proxyAddress, ...system }), answered);
    assert.deepEqual(tunnels, ["models.example:443", "models.example:443"]);
  });

  onLinux("is not trusted by such an authority where VS Code's settings say so", async () => {
    const settings = { proxy: `http://${proxyAddress}`, noProxy: [], strictSSL: true, support: "on" };
    const said = await askWith({
      ...proxyEnvironment({ ...settings, systemCertificates: false }),
      ...system,
    });
    assert.match(JSON.stringify(said), /its certificate is not trusted/);
    assert.deepEqual(tunnels, ["models.example:443"]);
  });

  it("says that the proxy refused", async () => {
    status = 407;
    const said = await askWith({ HTTPS_PROXY: proxyAddress, ...trusted });
    assert.match(JSON.stringify(said), /the proxy refused the connection .*407/);
  });

  it("is reached by the proxy of VS Code's settings, over those of the environment", async () => {
    const settings = {
      proxy: `http://${proxyAddress}`,
      noProxy: [],
      strictSSL: true,
      support: "override",
      systemCertificates: true,
    };
    const environment = { HTTPS_PROXY: "http://127.0.0.1:1", ...proxyEnvironment(settings), ...trusted };
    assert.deepEqual(await askWith(environment), answered);
    assert.deepEqual(tunnels, ["models.example:443"]);
  });

  it("is reached without its authority where VS Code's settings say so", async () => {
    const settings = {
      proxy: `http://${proxyAddress}`,
      noProxy: [],
      strictSSL: false,
      support: "on",
      systemCertificates: true,
    };
    assert.deepEqual(await askWith(proxyEnvironment(settings)), answered);
  });
});
