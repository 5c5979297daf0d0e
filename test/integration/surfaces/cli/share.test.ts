import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { pack } from "tar-stream";
import { AgentFile, TeamFile } from "../../../../schemas/team.ts";
import { SharedPackage } from "../../../../schemas/shared-package.ts";
import { runCommand } from "../../../support/command.ts";
import { runGit } from "../../../support/git.ts";
import { testWorkspace, type TestWorkspace } from "../../../support/workspace.ts";

const shared: SharedPackage = {
  format: "coditect-package/1",
  agents: [
    AgentFile.parse({
      name: "Schema migrator",
      agent_type: "DatabaseMigrator",
      base_type: "Coder",
      settings: {
        custom_prompts: { "system.append": "You move schemas\nwithout losing rows." },
        tool_definitions: [
          {
            name: "ask_schema",
            description: "The schema of a table.",
            schema: { type: "object" },
            handler: { Http: { method: "GET", url: "https://schemas.example/{table}", headers: {} } },
          },
        ],
      },
    }),
  ],
  teams: [
    TeamFile.parse({
      name: "migrate",
      members: [{ role: "migrator", agent_type: "DatabaseMigrator" }],
      workflow_stages: [
        {
          name: "move",
          member: "migrator",
          prompt: "Move {{task}}.",
          write_access: "sources",
          gates: ["changed"],
        },
      ],
    }),
  ],
};
const text = `${JSON.stringify(shared, null, 2)}\n`;
const hash = createHash("sha256").update(text).digest("hex");

describe("agents and teams as one file", () => {
  let workspace: TestWorkspace;
  const imported = (...args: string[]) => ["teams", "import", ...args, "--workspace", workspace.root];
  const path = (file: string) => join(workspace.root, ".coditect", file);

  beforeEach(async () => {
    workspace = await testWorkspace({ "shared.json": text });
  });
  afterEach(() => workspace.remove());

  it("are shown before anything is written: types, tools, hosts and each prompt", async () => {
    const { exit_code, stdout, stderr } = await runCommand(imported("shared.json"), {
      folder: workspace.root,
    });
    assert.equal(exit_code, 2);
    assert.match(stdout, /Agent Schema migrator \(DatabaseMigrator, based on Coder\)/);
    assert.match(stdout, /tool ask_schema: GET https:\/\/schemas\.example\/\{table\}/);
    assert.match(stdout, /You move schemas\n +without losing rows\./);
    assert.match(stdout, /stage move: writes sources; gates changed/);
    assert.match(stdout, /the hosts schemas\.example/);
    assert.match(stderr, new RegExp(`add --hash ${hash}`));
    assert.ok(!existsSync(path("teams")));
  });

  it("are written when the hash is the expected one, with where they come from", async () => {
    const command = imported("shared.json", "--hash", hash);
    assert.equal((await runCommand(command, { folder: workspace.root })).exit_code, 0);
    assert.deepEqual(
      TeamFile.parse(JSON.parse(await readFile(path("teams/migrate.json"), "utf8"))),
      shared.teams[0],
    );
    const pins: unknown = JSON.parse(await readFile(path("imports.json"), "utf8"));
    assert.partialDeepStrictEqual(pins, { imports: [{ source: "shared.json", sha256: hash }] });
    const other = imported("shared.json", "--hash", "0".repeat(64));
    assert.match(
      (await runCommand(other, { folder: workspace.root })).stderr,
      new RegExp(`hash ${hash}, not 0`),
    );
  });

  it("never replace what a user wrote, and follow what only an import wrote", async () => {
    const command = imported("shared.json", "--hash", hash);
    await runCommand(command, { folder: workspace.root });
    const newer = text.replace("Move {{task}}.", "Move {{task}} with care.");
    await writeFile(join(workspace.root, "shared.json"), newer);
    const newHash = createHash("sha256").update(newer).digest("hex");
    const again = await runCommand(imported("shared.json", "--hash", newHash), { folder: workspace.root });
    assert.equal(again.exit_code, 0, again.stderr);
    assert.match(await readFile(path("teams/migrate.json"), "utf8"), /with care/);

    const own = '{ "name": "mine" }\n';
    await writeFile(path("teams/migrate.json"), own);
    const refused = await runCommand(imported("shared.json", "--hash", newHash), { folder: workspace.root });
    assert.equal(refused.exit_code, 2);
    assert.match(refused.stderr, /\.coditect\/teams\/migrate\.json would be replaced/);
    assert.equal(await readFile(path("teams/migrate.json"), "utf8"), own);
  });

  it("are exported from what is stored, and can be imported elsewhere", async () => {
    const folder = workspace.root;
    const { exit_code, stderr } = await runCommand(
      ["teams", "export", "tdd", "--output", "tdd.json", "--workspace", folder],
      { folder },
    );
    assert.equal(exit_code, 0, stderr);
    const exported = SharedPackage.parse(JSON.parse(await readFile(join(folder, "tdd.json"), "utf8")));
    assert.deepEqual(
      exported.teams.map(({ name }) => name),
      ["tdd"],
    );
    const elsewhere = await testWorkspace({ "tdd.json": await readFile(join(folder, "tdd.json"), "utf8") });
    try {
      const args = ["teams", "import", "tdd.json", "--json", "--workspace", elsewhere.root];
      const shown = await runCommand(args, { folder: elsewhere.root });
      assert.match(shown.stdout, /"imported":false/);
    } finally {
      await elsewhere.remove();
    }
  });

  it("come from a git repository without running anything of it", async () => {
    const source = await testWorkspace({
      "coditect.json": text,
      ".gitattributes": "coditect.json filter=evil diff=evil\n",
    });
    try {
      const marker = join(source.root, "ran");
      await runGit(source.root, "init", "-q");
      await runGit(source.root, "add", ".");
      await runGit(source.root, "commit", "-qm", "one");
      const hook = join(source.root, ".git/hooks/post-checkout");
      await mkdir(join(source.root, ".git/hooks"), { recursive: true });
      await writeFile(hook, `#!/bin/sh\ntouch ${marker}\n`);
      await chmod(hook, 0o755);
      for (const name of ["core.fsmonitor", "filter.evil.smudge", "uploadpack.packObjectsHook"])
        await runGit(source.root, "config", name, `touch ${marker}`);
      const command = imported(`git+file://${source.root}`, "--hash", hash);
      const { exit_code, stderr } = await runCommand(command, { folder: workspace.root });
      assert.equal(exit_code, 0, stderr);
      assert.ok(existsSync(path("agents/schema-migrator.json")));
      assert.ok(!existsSync(marker));
    } finally {
      await source.remove();
    }
  });

  describe("in an npm package", () => {
    let registry: Server;
    let environment: NodeJS.ProcessEnv;
    let marker: string;

    beforeEach(async () => {
      marker = join(workspace.root, "ran");
      const scripts = Object.fromEntries(
        ["preinstall", "install", "postinstall", "prepare", "prepack"].map((name) => [
          name,
          `touch ${marker}`,
        ]),
      );
      const manifest = { name: "team-of-tests", version: "1.0.0", scripts };
      const archive = pack();
      archive.entry({ name: "package/package.json" }, JSON.stringify(manifest));
      archive.entry({ name: "package/coditect.json" }, text);
      archive.finalize();
      const tarball = gzipSync(await buffer(archive));
      registry = createServer((request, response) => {
        if (request.url?.endsWith(".tgz") === true) {
          response.end(tarball);
          return;
        }
        const { port } = registry.address() as AddressInfo;
        const integrity = `sha512-${createHash("sha512").update(tarball).digest("base64")}`;
        const dist = { tarball: `http://127.0.0.1:${port}/team-of-tests.tgz`, integrity };
        response.setHeader("content-type", "application/json");
        response.end(
          JSON.stringify({
            name: manifest.name,
            "dist-tags": { latest: "1.0.0" },
            versions: { "1.0.0": { ...manifest, dist } },
          }),
        );
      }).listen(0, "127.0.0.1");
      await once(registry, "listening");
      const { port } = registry.address() as AddressInfo;
      environment = {
        npm_config_registry: `http://127.0.0.1:${port}/`,
        npm_config_cache: join(workspace.root, "npm-cache"),
        npm_config_userconfig: join(workspace.root, "no-npmrc"),
      };
    });
    afterEach(() => {
      registry.closeAllConnections();
      registry.close();
    });

    it("come without running a script of it", async () => {
      const command = imported("npm:team-of-tests@1.0.0", "--hash", hash);
      const { exit_code, stderr } = await runCommand(command, { folder: workspace.root, environment });
      assert.equal(exit_code, 0, stderr);
      assert.ok(existsSync(path("teams/migrate.json")));
      assert.ok(!existsSync(marker));
    });
  });

  it("are refused with the reason", async () => {
    await writeFile(
      join(workspace.root, "bad.json"),
      text.replace('"DatabaseMigrator"', '"Database Migrator"'),
    );
    const cases: [string, RegExp][] = [
      ["nothing.json", /nothing\.json cannot be imported: the file could not be read/],
      ["bad.json", /bad\.json cannot be imported: .*agent_type/],
      ["npm:../evil", /is not the name of an npm package/],
      ["git+ext::sh -c touch% ran", /cannot be imported/],
    ];
    for (const [source, reason] of cases) {
      const { exit_code, stderr } = await runCommand(imported(source), { folder: workspace.root });
      assert.equal(exit_code, 2, source);
      assert.match(stderr, reason);
    }
    for (const folder of ["agents", "teams", "imports.json"]) assert.ok(!existsSync(path(folder)), folder);
  });
});
