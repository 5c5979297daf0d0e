// Writes the JSON Schemas of agent and team files from the zod schemas, with the doc comments of
// their fields as descriptions: what an editor shows while such a file is written. With --check
// nothing is written; exit code 1 says that the files are not what they should be.
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import ts from "typescript";
import { z } from "zod";
import { HooksFile } from "../schemas/hooks.ts";
import { McpFile } from "../schemas/mcp.ts";
import { Settings } from "../schemas/settings.ts";
import { AgentFile, TeamFile } from "../schemas/team.ts";

const schemasFolder = new URL("../schemas/", import.meta.url);
const target = new URL("generated/", schemasFolder);

/** The text of a doc comment, on one line, without what is meant for readers of the code. */
const docOf = (node) =>
  ts
    .getJSDocCommentsAndTags(node)
    .filter(ts.isJSDoc)
    .map((doc) => ts.getTextOfJSDocComment(doc.comment) ?? "")
    .join(" ")
    .replace(/\s+/g, " ")
    .replace(/Documents: "[^"]*"[^.]*\. ?/g, "")
    .trim();

/** Objects are recognised by the names of their fields: those of a patch are the same object's. */
const signature = (names) => [...names].sort().join(",");

const isObjectCall = (node) =>
  ts.isCallExpression(node) &&
  /^z\.(strictObject|object)$/.test(node.expression.getText()) &&
  node.arguments.length === 1 &&
  ts.isObjectLiteralExpression(node.arguments[0]);

/** Doc comments of fields, by the signature of their object and their name; and of the schemas. */
const collectDocs = async () => {
  const fields = new Map();
  const schemas = new Map();
  const visit = (node) => {
    if (isObjectCall(node)) {
      const properties = node.arguments[0].properties.filter(ts.isPropertyAssignment);
      const docs = properties.map((property) => [property.name.getText(), docOf(property)]);
      fields.set(signature(docs.map(([name]) => name)), new Map(docs));
    }
    if (ts.isVariableStatement(node)) {
      const [declaration] = node.declarationList.declarations;
      schemas.set(declaration.name.getText(), docOf(node));
    }
    ts.forEachChild(node, visit);
  };
  for (const name of (await readdir(schemasFolder)).filter((file) => file.endsWith(".ts"))) {
    const text = await readFile(new URL(name, schemasFolder), "utf8");
    visit(ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true));
  }
  return { fields, schemas };
};

/** Doc comments of exported schemas, by the schema itself: for fields that have none of their own. */
const docsBySchema = async (schemas) => {
  const found = new Map();
  for (const name of (await readdir(schemasFolder)).filter((file) => file.endsWith(".ts")))
    for (const [exported, schema] of Object.entries(await import(new URL(name, schemasFolder).href)))
      if (schema instanceof z.ZodType && schemas.get(exported)) found.set(schema, schemas.get(exported));
  return found;
};

const generate = (schema, { title, docs, bySchema }) => {
  const jsonSchema = z.toJSONSchema(schema, {
    io: "input",
    // What VS Code's JSON support knows in full.
    target: "draft-7",
    override: ({ zodSchema, jsonSchema: written }) => {
      const doc = bySchema.get(zodSchema);
      if (doc) written.description ??= doc;
      if (written.properties === undefined) return;
      const ofFields = docs.get(signature(Object.keys(written.properties)));
      for (const [name, property] of Object.entries(written.properties)) {
        const own = ofFields?.get(name);
        // A copy: two fields of one schema share what was written of it, but not what is said of them.
        if (own) written.properties[name] = { ...property, description: own };
      }
    },
  });
  const { $schema, description, ...rest } = jsonSchema;
  return `${JSON.stringify({ $schema, title, description, ...rest }, null, 2)}\n`;
};

/** What a workspace says of the settings; each can only be tightened. */
const SettingsFile = Settings.extend({ $schema: z.string().optional() });

const { fields, schemas } = await collectDocs();
const bySchema = await docsBySchema(schemas);
const files = {
  "agent.schema.json": generate(AgentFile, { title: "CODITECT agent", docs: fields, bySchema }),
  "settings.schema.json": generate(SettingsFile, { title: "CODITECT settings", docs: fields, bySchema }),
  "team.schema.json": generate(TeamFile, { title: "CODITECT team", docs: fields, bySchema }),
  "hooks.schema.json": generate(HooksFile, { title: "CODITECT hooks", docs: fields, bySchema }),
  "mcp.schema.json": generate(McpFile, { title: "CODITECT MCP servers", docs: fields, bySchema }),
};

await mkdir(target, { recursive: true });
for (const [name, text] of Object.entries(files)) {
  const file = new URL(name, target);
  if (!process.argv.includes("--check")) await writeFile(file, text);
  else if ((await readFile(file, "utf8").catch(() => "")) !== text) {
    console.error(`schemas/generated/${name} is not up to date: npm run schemas`);
    process.exitCode = 1;
  }
}
