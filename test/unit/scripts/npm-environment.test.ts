import assert from "node:assert/strict";
import { dirname } from "node:path";
import { npmEnvironment } from "../../../scripts/machine/npm.ts";

describe("the environment of an npm that a script starts", () => {
  it("takes over nothing that an outer npm says about itself", () => {
    const outer = {
      npm_config_user_agent: "npm/10.8.2 node/v20.20.2 linux x64",
      npm_config_node_gyp: "/usr/lib/node_modules/npm/node_modules/node-gyp/bin/node-gyp.js",
      npm_execpath: "/usr/lib/node_modules/npm/bin/npm-cli.js",
      npm_package_json: "/project/package.json",
      npm_lifecycle_event: "test",
      NPM_CONFIG_PREFIX: "/usr",
    };
    const environment = npmEnvironment(outer);
    assert.deepEqual(
      Object.keys(environment).filter((name) => /^npm_/i.test(name)),
      [],
    );
  });

  it("still reaches the registry the way the machine does", () => {
    const reach = { npm_config_registry: "https://registry.example/", NPM_CONFIG_CAFILE: "/etc/ca.pem" };
    assert.deepEqual({ ...npmEnvironment(reach), ...reach }, npmEnvironment(reach));
  });

  it("has our Node first on its path", () => {
    assert.ok(npmEnvironment({ PATH: "/usr/bin" }).PATH?.startsWith(dirname(process.execPath)));
  });
});
