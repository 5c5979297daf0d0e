import assert from "node:assert/strict";
import { build } from "esbuild";
import { execFile } from "node:child_process";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { makeFolder, tenantId } from "./support.ts";

const run = promisify(execFile);
const source = (path: string): string => join(import.meta.dirname, path);

describe("folding a large state", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await makeFolder();
  });
  afterEach(() => rm(folder, { recursive: true }));

  const foldWith = async (script: string): Promise<void> => {
    const { stdout } = await run(process.execPath, [script, folder, tenantId]);
    assert.equal(stdout, "1", "it was folded in a thread of its own");
    const data = JSON.parse(await readFile(join(folder, "state.json"), "utf8")) as object;
    assert.equal(Object.keys(data).filter((key) => key.includes("/dismissals/")).length, 1500);
  };

  it("runs in a thread when started from source", () => foldWith(source("fold-driver.ts")));

  it("runs in a thread when started from a bundle, as dist/ has it", async () => {
    const bundle = (entry: string, name: string) =>
      build({
        ...{ entryPoints: [entry], outfile: join(folder, "dist", name), bundle: true, platform: "node" },
        ...{
          format: "cjs",
          define: { "import.meta.url": "__moduleUrl", CODITECT_VERSION: JSON.stringify("1.0.0") },
          logLevel: "error",
        },
        banner: { js: 'const __moduleUrl = require("node:url").pathToFileURL(__filename).href;' },
      });
    await bundle(source("fold-driver.ts"), "server.js");
    await bundle(source("../../../server/store/fold-thread.ts"), "fold.js");
    await foldWith(join(folder, "dist", "server.js"));
  });
});
