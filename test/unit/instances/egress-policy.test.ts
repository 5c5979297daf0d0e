import assert from "node:assert/strict";
import {
  dialable,
  isClosedAddress,
  parseAllowedHost,
  refusal,
} from "../../../server/instances/drivers/egress/policy.ts";

const allowed = ["registry.npmjs.org", "*.example.com:8443", "127.0.0.1:5432", "intra.example:443"].flatMap(
  (line) => parseAllowedHost(line) ?? [],
);

describe("the egress policy", () => {
  it("reads hosts, ports, wildcards and addresses, and nothing else", () => {
    assert.deepEqual(parseAllowedHost("Registry.NPMjs.org"), { host: "registry.npmjs.org", port: 443 });
    assert.deepEqual(parseAllowedHost("[::1]:5432"), { host: "::1", port: 5432 });
    assert.equal(parseAllowedHost("https://example.com/"), null);
    assert.equal(parseAllowedHost(""), null);
  });
  it("lets listed hosts pass on their port only", () => {
    assert.equal(refusal(allowed, "registry.npmjs.org", 443), null);
    assert.equal(refusal(allowed, "a.b.example.com", 8443), null);
    for (const [host, port] of [
      ["registry.npmjs.org", 80],
      ["example.com", 8443],
      ["evilexample.com", 8443],
      ["registry.npmjs.org.evil.com", 443],
    ] as const) {
      assert.notEqual(refusal(allowed, host, port), null, `${host}:${port}`);
    }
  });
  it("closes this machine, private networks and metadata services, in every spelling", () => {
    for (const address of [
      "127.0.0.1",
      "10.1.2.3",
      "172.20.0.1",
      "192.168.1.1",
      "169.254.169.254",
      "168.63.129.16",
      "100.100.100.200",
      "0.0.0.0",
      "::1",
      "fd00:ec2::254",
      "fe80::1",
      "::ffff:169.254.169.254",
      "64:ff9b::a9fe:a9fe",
    ]) {
      assert.equal(isClosedAddress(address), true, address);
    }
    for (const address of ["1.1.1.1", "104.16.0.1", "2606:4700::1111"]) {
      assert.equal(isClosedAddress(address), false, address);
    }
  });
  it("dials no private address a listed name leads to, unless that is listed by itself", () => {
    assert.equal(dialable(allowed, "intra.example", 443, ["10.0.0.1"]), null);
    assert.equal(dialable(allowed, "intra.example", 443, ["10.0.0.1", "1.1.1.1"]), "1.1.1.1");
    assert.equal(dialable(allowed, "127.0.0.1", 5432, ["127.0.0.1"]), "127.0.0.1");
    assert.equal(dialable(allowed, "127.0.0.1", 5433, ["127.0.0.1"]), null);
  });
});
