import assert from "node:assert/strict";
import { proxyEnvironment, type HttpSettings } from "../../../client/runtime/proxy-environment.ts";

const settings: HttpSettings = {
  ...{ proxy: "", noProxy: [], strictSSL: true, support: "override", systemCertificates: true },
};

describe("VS Code's proxy settings", () => {
  it("leave the environment as it is where they say nothing", () => {
    assert.deepEqual(proxyEnvironment(settings), {});
  });

  it("replace the proxy of the environment in both of its spellings", () => {
    const proxy = "http://proxy.example:8080";
    assert.deepEqual(proxyEnvironment({ ...settings, proxy, noProxy: ["intern.example", "10.0.0.0/8"] }), {
      HTTP_PROXY: proxy,
      http_proxy: proxy,
      HTTPS_PROXY: proxy,
      https_proxy: proxy,
      NO_PROXY: "intern.example,10.0.0.0/8",
      no_proxy: "intern.example,10.0.0.0/8",
    });
  });

  it("take the proxy of the environment away where extensions use none", () => {
    const proxy = "http://proxy.example:8080";
    assert.deepEqual(Object.values(proxyEnvironment({ ...settings, proxy, support: "off" })), [
      "",
      "",
      "",
      "",
    ]);
  });
});
