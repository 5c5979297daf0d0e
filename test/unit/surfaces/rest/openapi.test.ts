import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { Ajv2020 } from "ajv/dist/2020.js";
import { openApi } from "../../../../server/surfaces/rest/openapi.ts";
import { routes } from "../../../../server/surfaces/rest/routes.ts";
import type { Surface } from "../../../../server/hosting/surface.ts";
import { testDispatch } from "../../../support/dispatch.ts";
import { caller, serveTest } from "./support.ts";

describe("the OpenAPI document", function () {
  this.timeout(30_000);
  const document = openApi("1.2.3");
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  ajv.addSchema({ $id: "openapi", ...document });
  const validator = (name: string) => {
    const validate = ajv.getSchema(`openapi#/components/schemas/${name}`);
    assert.ok(validate, name);
    return validate;
  };

  let server: Surface;
  before(async () => {
    server = await serveTest(Promise.resolve(testDispatch("/workspace")));
  });
  after(() => server.close());
  const call = caller(() => server.url);

  it("is served, and every schema in it can be used", async () => {
    const { json } = await call("GET", "/openapi.json");
    assert.deepEqual(json, JSON.parse(JSON.stringify(document)));
    for (const name of Object.keys(document.components.schemas)) validator(name);
  });

  it("describes what is really answered", async () => {
    const provider = { Ollama: { model: "m", endpoint: "http://127.0.0.1:1" } };
    const body = { name: "Ada", agent_type: "Coder", provider };
    const created = await call("POST", "/api/agents", body);
    const listed = await call("GET", "/api/agents");
    const problem = await call("GET", `/api/agents/${randomUUID()}`);
    for (const [name, value] of [
      ["AgentsCreateBody", body],
      ["AgentConfig", created.json],
      ["AgentsListResult", listed.json],
      ["Problem", problem.json],
    ] as const) {
      const validate = validator(name);
      assert.ok(validate(value), JSON.stringify(validate.errors));
    }
    assert.equal(validator("AgentsCreateBody")({ name: "Ada" }), false);
  });

  it("has every route of the contract", () => {
    for (const { path, verb } of routes)
      assert.ok(document.paths[path]?.[verb.toLowerCase()], `${verb} ${path}`);
  });
});
