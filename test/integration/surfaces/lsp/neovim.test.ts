import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { after, before, describe, it } from "mocha";
import { z } from "zod";
import { claimStateFolder } from "../../../../server/hosting/state-stamp.ts";
import { startRuntime } from "../../../harness.ts";
import { startModelServer } from "../../../model-servers.ts";
import { root } from "../../../support/command.ts";
import { answered, call, finish, reader } from "../../../support/one-round.ts";
import { skipUnlessNull } from "../../../support/skip.ts";
import { testWorkspace, type TestWorkspace } from "../../../support/workspace.ts";
import { commandLine } from "../../../support/product.ts";

const run = promisify(execFile);
const isThere = spawnSync("nvim", ["--version"]).status === 0;

const source = "export const total = (prices) =>\n  prices.reduce((sum, price) => sum - price, 0);\n";
const report = call("report_findings", {
  findings: [
    {
      path: "src/price.js",
      ...{ start_line: 2, end_line: 2, severity: "High", category: "Bug", confidence: 0.9 },
      ...{ title: "The sum is subtracted", explanation: "Prices are added up." },
      fix: { old_text: "sum - price", new_text: "sum + price" },
    },
  ],
});

const Told = z.object({
  commands: z.array(z.string()),
  diagnostics: z.array(z.object({ line: z.number(), source: z.string(), message: z.string() })),
  actions: z.array(z.string()),
  lines: z.array(z.string()),
  refusal: z.string(),
});

describe("coditect lsp --stdio in Neovim", function () {
  skipUnlessNull(this, isThere ? null : "Neovim is not installed");
  let files: TestWorkspace;
  let told: z.infer<typeof Told>;

  before(async () => {
    files = await testWorkspace({ "src/price.js": source });
    const model = await startModelServer({
      Reviewer: (request) => (answered(request) === 0 ? report : finish),
    });
    claimStateFolder(join(files.root, ".coditect/state"), files.root);
    const project = await startRuntime({ workspace: files.root, settings: { provider: model.ollama() } });
    await project.call("teams/create", reader);
    const { status } = await project.run("reader", { task: "Review it.", file: "src/price.js" });
    assert.equal(status, "Succeeded", project.problems.join("\n"));
    await project.close();
    await model.close();

    const script = join(root, "test/integration/surfaces/lsp/neovim.lua");
    const answer = join(files.root, "answer.json");
    const server = [process.execPath, commandLine, "lsp", "--stdio"];
    const load = `lua arg = vim.json.decode([==[${JSON.stringify([files.root, answer, ...server])}]==]); dofile([==[${script}]==])`;
    await run("nvim", ["--headless", "--clean", "-n", "-c", load], {
      timeout: 50_000,
      killSignal: "SIGKILL",
      env: { ...process.env, XDG_CACHE_HOME: files.root },
    });
    told = Told.parse(JSON.parse(readFileSync(answer, "utf8")));
  });
  after(() => files.remove());

  it("shows findings as diagnostics", () => {
    assert.equal(told.diagnostics.length, 1);
    assert.match(told.diagnostics[0]?.message ?? "", /The sum is subtracted/);
    assert.deepEqual([told.diagnostics[0]?.line, told.diagnostics[0]?.source], [1, "coditect"]);
  });

  it("applies a stored fix as a code action", () => {
    assert.ok(told.actions.length > 0);
    assert.equal(told.lines[1], "  prices.reduce((sum, price) => sum + price, 0);");
  });

  it("takes commands, and says what is wrong with one", () => {
    assert.ok(told.commands.includes("coditect.applyChanges"), told.commands.join());
    assert.match(told.refusal, /is not valid/);
  });
});
