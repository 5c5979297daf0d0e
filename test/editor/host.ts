import { cp, mkdtemp, readFile, rm, watch } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { pace } from "./pace.ts";
import { packageExtension, packageHostSuite } from "./packages.ts";
import { root, startCodeServer } from "./parts.ts";
import { openBrowser, openWorkbench, type Workbench } from "./workbench.ts";

/** What the suite in the extension host takes at most on a quiet machine. */
const HOST_MS = 170_000;

/**
 * Lets the second extension, `test/extension-host`, do its work inside the real extension host of
 * code-server, on a copy of the sample project; resolves with the JSON text it wrote.
 */
export const runInHost = async (
  work: "suite" | "measure",
  settings: Record<string, unknown> = {},
): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), "coditect-host-"));
  const workspace = join(folder, "split-the-bill");
  await cp(join(root, "media", "sample"), workspace, { recursive: true });
  const result = join(folder, "result.json");
  const server = await startCodeServer({
    extensions: [await packageExtension(), await packageHostSuite()],
    settings,
    environment: {
      CODITECT_HOST_WORK: work,
      CODITECT_HOST_RESULT: result,
      CODITECT_HOST_DECLINES: "yes",
      CODITECT_HOST_MOCHA: createRequire(import.meta.url).resolve("mocha"),
    },
  });
  const browser = await openBrowser(server.url);
  try {
    const late = new AbortController();
    const written = firstWrite(result, late.signal);
    // A window that does not open is what is reported then.
    written.catch(() => undefined);
    const workbench = await openWorkbench(browser, workspace);
    const deadline = setTimeout(() => {
      late.abort(new Error(`${work} did not end in ${pace.deadline(HOST_MS)} ms`));
    }, pace.deadline(HOST_MS));
    // The suite says what is missing if this does not come to pass.
    declineTool(workbench).catch(() => undefined);
    return await written.finally(async () => {
      clearTimeout(deadline);
      await workbench.picture(`extension-host-${work}`);
    });
  } finally {
    await browser.close();
    await server.close();
    await rm(folder, { recursive: true, force: true });
  }
};

/** Says no, as a person does, when VS Code asks whether a language model may run a team. */
const declineTool = async ({ page, picture }: Workbench): Promise<void> => {
  await page
    .locator(".monaco-dialog-box", { hasText: "Run the team" })
    .waitFor({ timeout: pace.deadline(HOST_MS) });
  await picture("tool-confirmation");
  await page.keyboard.press("Escape");
};

/** Text of a file once it has been written whole. */
const firstWrite = async (path: string, signal: AbortSignal): Promise<string> => {
  for await (const { filename } of watch(dirname(path), { signal })) {
    if (filename !== basename(path)) continue;
    const text = await readFile(path, "utf8");
    if (text.endsWith("]")) return text;
  }
  throw new Error(`${path} was not written`);
};
