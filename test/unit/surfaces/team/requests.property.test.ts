import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { z } from "zod";
import { fail } from "../../../../schemas/errors.ts";
import { type Route, pathFields, routes } from "../../../../server/surfaces/rest/routes.ts";
import { testTeam, type TestTeam } from "../../../support/team-server.ts";
import { ownUserFolder } from "../../../support/user-folder.ts";

/** Values of a JSON Schema, as far as ours need it, and now and then one that it does not allow. */
const valueOf = (
  schema: Record<string, unknown>,
  defs: Record<string, unknown>,
  depth = 0,
): fc.Arbitrary<unknown> => {
  const inner = (each: unknown) => valueOf(each as Record<string, unknown>, defs, depth + 1);
  const reference = typeof schema.$ref === "string" ? schema.$ref.split("/").at(-1) : undefined;
  if (reference !== undefined) return depth > 4 ? fc.constant(null) : inner(defs[reference] ?? {});
  if (Array.isArray(schema.enum)) return fc.constantFrom(...(schema.enum as unknown[]));
  if ("const" in schema) return fc.constant(schema.const);
  const choices = schema.anyOf ?? schema.oneOf;
  if (Array.isArray(choices)) return fc.oneof(...choices.map(inner));
  switch (schema.type) {
    case "object": {
      const properties = Object.entries((schema.properties ?? {}) as Record<string, unknown>);
      const required = (schema.required ?? []) as string[];
      return fc.record(Object.fromEntries(properties.map(([name, each]) => [name, inner(each)])), {
        requiredKeys: required.filter((name) => properties.some(([known]) => known === name)),
      });
    }
    case "array":
      return fc.array(depth > 4 ? fc.constant(null) : inner(schema.items ?? {}), { maxLength: 3 });
    case "integer":
      return fc.integer({ min: -1, max: 1000 });
    case "number":
      return fc.double({ min: -1, max: 1000, noNaN: true });
    case "boolean":
      return fc.boolean();
    case "string":
      return schema.format === "uuid"
        ? fc.constant(randomUUID())
        : fc.oneof(fc.string({ unit: "binary", maxLength: 20 }), fc.constant("a/b.ts"));
    case "null":
      return fc.constant(null);
    default:
      return fc.jsonValue({ maxDepth: 2 });
  }
};

/** Mostly what the route's schema allows, sometimes anything. */
const bodyFor = (route: Route): fc.Arbitrary<unknown> => {
  const schema = z.toJSONSchema(z.object(route.fields), { io: "input", unrepresentable: "any" });
  const defs = schema.$defs ?? {};
  const valid = valueOf(schema as Record<string, unknown>, defs).map((body) =>
    Object.fromEntries(
      Object.entries(body as Record<string, unknown>).filter(([name]) => !pathFields(route).includes(name)),
    ),
  );
  return fc.oneof({ weight: 4, arbitrary: valid }, { weight: 1, arbitrary: fc.jsonValue() });
};

const segment = fc.oneof(
  fc.uuid(),
  fc
    .string({ unit: "binary", minLength: 1, maxLength: 12 })
    .map((text) => encodeURIComponent(text.toWellFormed())),
  fc.constantFrom("%zz", "%00", "..", "tdd", "."),
);

/** What a call hands on to parts that have no double here would only say that the double is missing. */
const handsOn: ReadonlySet<string> = new Set(["consents/set"]);

describe("random requests to the server of a team", function () {
  this.timeout(120_000);
  const user = ownUserFolder();
  let team: TestTeam;
  let token: string;
  before(async () => {
    user.use();
    // What lies beyond the handlers has nothing: no team, no model.
    const nothing = () => Promise.reject(fail("unknown_workflow", { name: "it", names: "none" }));
    team = await testTeam({}, { runs: { start: nothing, forecast: nothing, checkModels: nothing } });
    token = await team.tenants[0].token("admin");
  });
  after(async () => {
    await team.close();
    await user.restore();
  });

  /** A problem document for each failure, and none of them the server's own fault. */
  const check = ({ status, headers, json, text }: Awaited<ReturnType<TestTeam["call"]>>, what: string) => {
    assert.ok(status < 500, `${what}: ${status} ${text}`);
    if (status < 400) return;
    assert.equal(headers["content-type"], "application/problem+json", what);
    for (const [field, kind] of [
      ["type", "string"],
      ["title", "string"],
      ["detail", "string"],
      ["code", "string"],
    ] as const)
      assert.equal(typeof json[field], kind, `${what}: ${text}`);
    assert.equal(json.status, status, what);
  };

  for (const route of routes.filter(({ method }) => !handsOn.has(method)))
    it(`${route.method} is answered, or refused with a problem`, async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(segment, { minLength: 3, maxLength: 3 }),
          bodyFor(route),
          async (segments, body) => {
            let next = 0;
            const path = route.path.replace(/\{\w+\}/g, () => segments[next++] ?? "x");
            const inBody = route.verb === "POST" || route.verb === "PUT";
            const query = new URLSearchParams(
              typeof body === "object" && body !== null
                ? Object.entries(body).map(([name, value]): [string, string] => [
                    name,
                    (typeof value === "string" ? value : JSON.stringify(value)).toWellFormed(),
                  ])
                : [],
            );
            const address = inBody || query.size === 0 ? path : `${path}?${query.toString()}`;
            const answer = await team.call(route.verb, address, { token, ...(inBody && { body }) });
            check(answer, `${route.verb} ${address} ${JSON.stringify(body)}`);
          },
        ),
        { numRuns: 25 },
      );
    });

  it("any verb, address and headers are answered, or refused with a problem", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"),
        fc.array(segment, { maxLength: 5 }),
        fc.option(fc.string({ unit: fc.constantFrom("a", '"', "*", ",", "W", "/"), maxLength: 12 }), {
          nil: undefined,
        }),
        async (verb, segments, tag) => {
          const path = `/${segments.join("/")}`;
          const headers = tag === undefined ? {} : { "if-match": tag, "if-none-match": tag };
          check(await team.call(verb, path, { token, headers }), `${verb} ${path}`);
        },
      ),
      { numRuns: 200 },
    );
  });
});
