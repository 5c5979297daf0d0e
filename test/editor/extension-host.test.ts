import { cp, mkdtemp, readFile, rm, watch } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { createRequire } from "node:module";
import { z } from "zod";
import { skipUnlessNull } from "../support/skip.ts";
import { packageExtension, packageHostSuite } from "./packages.ts";
import { installCodeServer, missingPart, root, startCodeServer } from "./parts.ts";
import { openBrowser, openWorkbench } from "./workbench.ts";

const Results = z.array(z.object({ title: z.string(), error: z.string().nullable() }));
const DEADLINE_MS = 170_000;

/** The suite of `test/extension-host`, run inside the real extension host of code-server. */
const runHostSuite = async (): Promise<z.infer<typeof Results>> => {
  const folder = await mkdtemp(join(tmpdir(), "coditect-host-"));
  const workspace = join(folder, "split-the-bill");
  await cp(join(root, "media", "sample"), workspace, { recursive: true });
  const result = join(folder, "result.json");
  const server = await startCodeServer({
    extensions: [await packageExtension(), await packageHostSuite()],
    environment: {
      CODITECT_HOST_RESULT: result,
      CODITECT_HOST_MOCHA: createRequire(import.meta.url).resolve("mocha"),
    },
  });
  const browser = await openBrowser();
  try {
    const written = firstWrite(result);
    const { picture } = await openWorkbench(browser, server.url, workspace);
    const text = await written.finally(() => picture("extension-host"));
    return Results.parse(JSON.parse(text));
  } finally {
    await browser.close();
    await server.close();
    await rm(folder, { recursive: true, force: true });
  }
};

/** Text of a file once it has been written whole. */
const firstWrite = async (path: string): Promise<string> => {
  const signal = AbortSignal.timeout(DEADLINE_MS);
  for await (const { filename } of watch(dirname(path), { signal })) {
    if (filename !== basename(path)) continue;
    const text = await readFile(path, "utf8");
    if (text.endsWith("]")) return text;
  }
  throw new Error(`${path} was not written`);
};

await installCodeServer().catch(() => undefined);
const missing = missingPart();

describe("in the extension host", function () {
  skipUnlessNull(this, missing);
  this.timeout(DEADLINE_MS + 30_000);
  let results: z.infer<typeof Results> = [];

  before(async () => {
    results = await runHostSuite();
  });

  it("every test of the suite passes", () => {
    const failed = results.filter(({ error }) => error !== null);
    if (failed.length > 0 || results.length === 0)
      throw new Error(
        failed.map(({ title, error }) => `${title}\n${error ?? ""}`).join("\n\n") || "no test ran",
      );
    process.stdout.write(results.map(({ title }) => `      ✔ ${title}\n`).join(""));
  });
});
