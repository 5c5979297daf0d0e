import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { addressOfMalformed, malformedVariable } from "../../../schemas/providers.ts";
import { openConnections } from "../../../server/gateway/connections.ts";
import { withFullProxies } from "../../../server/gateway/proxies.ts";

describe("proxies of the environment", () => {
  for (const [given, full] of [
    ["proxy.example:8080", "http://proxy.example:8080"],
    ["'user:word@proxy.example:8080'", "http://user:word@proxy.example:8080"],
    ["https://proxy.example", "https://proxy.example"],
    ["[::1]:3128", "http://[::1]:3128"],
  ] as const)
    it(`${given} is read as ${full}`, () => {
      assert.equal(withFullProxies({ HTTPS_PROXY: given }).HTTPS_PROXY, full);
    });

  it("that are no addresses stop the calls through them, and no call to this machine", () => {
    const connections = openConnections({ https_proxy: "socks5://proxy.example" });
    assert.throws(() => connections.agentFor(new URL("https://far.example")), /https_proxy/);
    assert.ok(connections.agentFor(new URL("https://127.0.0.1")));
  });
});

describe("the address that replaces a malformed one", () => {
  it("names the variable, and no real address does", () => {
    assert.equal(malformedVariable(addressOfMalformed("ANTHROPIC_BASE_URL")), "ANTHROPIC_BASE_URL");
    assert.equal(malformedVariable("https://api.anthropic.com"), null);
  });
});
