import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { Ajv } from "ajv";
import { TeamFile } from "../../../schemas/team.ts";

const root = new URL("../../../", import.meta.url);
const read = (path: string): unknown => JSON.parse(readFileSync(new URL(path, root), "utf8"));
const ajv = new Ajv({ allErrors: true, strict: false, validateFormats: false });
const problemsOf = (schema: string, value: unknown): string[] => {
  const validate = ajv.compile(read(`schemas/generated/${schema}.schema.json`) as object);
  return validate(value)
    ? []
    : (validate.errors ?? []).map(({ instancePath, keyword }) => `${instancePath} ${keyword}`);
};

interface Described {
  description?: string;
  properties?: Record<string, Described>;
  items?: Described;
}

describe("the published JSON Schemas", function () {
  this.timeout(20_000);
  it("are what the zod schemas make of them", () => {
    const script = new URL("scripts/generate-schemas.mjs", root).pathname;
    const { status, stderr } = spawnSync(process.execPath, [script, "--check"], { encoding: "utf8" });
    assert.equal(status, 0, stderr);
  });

  for (const name of readdirSync(new URL("server/teams/definition/built-in", root)))
    it(`accept the built-in team ${name}, as the parser does`, () => {
      const team = read(`server/teams/definition/built-in/${name}`);
      TeamFile.parse(team);
      assert.deepEqual(problemsOf("team", team), []);
    });

  it("accept an agent that leaves out what has a default, and name the place of what is wrong", () => {
    const agent = { name: "Ada", agent_type: "Coder", settings: { temperature: 0.3 } };
    assert.deepEqual(problemsOf("agent", agent), []);
    const wrong = { ...agent, agent_type: "house painter", settings: { temperature: 3, colour: "red" } };
    assert.deepEqual(problemsOf("agent", wrong).sort(), [
      "/agent_type anyOf",
      "/agent_type enum",
      "/agent_type pattern",
      "/settings additionalProperties",
      "/settings/temperature maximum",
    ]);
  });

  it("say of every field what it is", () => {
    const silent: string[] = [];
    const visit = (schema: Described, place: string): void => {
      for (const [name, field] of Object.entries(schema.properties ?? {})) {
        if (name !== "$schema" && field.description === undefined) silent.push(`${place}.${name}`);
        visit(field, `${place}.${name}`);
      }
      if (schema.items !== undefined) visit(schema.items, `${place}[]`);
    };
    for (const name of ["agent", "team"])
      visit(read(`schemas/generated/${name}.schema.json`) as Described, name);
    assert.deepEqual(silent, []);
  });
});
