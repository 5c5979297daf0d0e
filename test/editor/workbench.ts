import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { chromium, type Browser, type Locator, type Page } from "playwright-core";
import { chromiumPath, output } from "./parts.ts";

const flags = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export const openBrowser = async (): Promise<Browser> =>
  chromium.launch({ executablePath: chromiumPath() ?? "", args: flags });

/** VS Code's workbench, driven by mouse and keyboard as a person does. */
export interface Workbench {
  readonly page: Page;
  /** Runs a command by its title from the palette. */
  readonly command: (title: string) => Promise<void>;
  /** Types into the quick input that is open, and presses Enter. */
  readonly answer: (text: string) => Promise<void>;
  /** Chooses the line of the quick pick that is open with this text. */
  readonly choose: (text: string | RegExp) => Promise<void>;
  readonly openFile: (name: string) => Promise<void>;
  /** A line of a tree of the sidebar, by the name a screen reader says. */
  readonly treeItem: (name: string | RegExp) => Locator;
  readonly showView: () => Promise<void>;
  readonly notification: (text: string | RegExp) => Locator;
  /** Keeps a picture in the tests' output. */
  readonly picture: (name: string) => Promise<void>;
  readonly reload: () => Promise<void>;
}

export const openWorkbench = async (browser: Browser, url: string, folder: string): Promise<Workbench> => {
  const context = await browser.newContext({ viewport: { width: 1280, height: 1000 }, locale: "en-US" });
  const page = await context.newPage();
  page.setDefaultTimeout(45_000);
  const query = folder.endsWith(".code-workspace") ? "workspace" : "folder";
  await page.goto(`${url}/?${query}=${encodeURIComponent(folder)}`);
  return driveWorkbench(page);
};

const ready = async (page: Page): Promise<void> => {
  await page.locator(".monaco-workbench .part.statusbar").waitFor();
  // The palette knows the extension's commands from when its icon is there.
  await page.locator(".activitybar a[aria-label^='CODITECT']").waitFor();
};

export const driveWorkbench = async (page: Page): Promise<Workbench> => {
  await ready(page);
  const input = page.locator(
    ".quick-input-widget:visible input[type=text], .quick-input-widget:visible input",
  );

  const typeInto = async (text: string) => {
    await input.first().waitFor();
    await input.first().fill(text);
  };
  return {
    page,
    async command(title) {
      await page.keyboard.press("F1");
      await typeInto(`>${title}`);
      await page.locator(".quick-input-list .monaco-list-row", { hasText: title }).first().click();
    },
    async answer(text) {
      await typeInto(text);
      await page.keyboard.press("Enter");
    },
    async choose(text) {
      await page.locator(".quick-input-list .monaco-list-row", { hasText: text }).first().click();
    },
    async openFile(name) {
      await page.keyboard.press("Control+P");
      await typeInto(name);
      const base = name.split("/").at(-1) ?? name;
      await page.locator(".quick-input-list .monaco-list-row", { hasText: base }).first().click();
      await page.locator(`.tabs-container .tab[data-resource-name="${base}"]`).first().waitFor();
    },
    treeItem: (name) => page.getByRole("treeitem", { name }),
    async showView() {
      await page
        .locator(".activitybar .action-item", { has: page.locator("a[aria-label^='CODITECT']") })
        .click();
      await page.locator(".composite.title", { hasText: "CODITECT" }).waitFor();
    },
    notification: (text) => page.locator(".notification-toast", { hasText: text }),
    async picture(name) {
      await mkdir(join(output, "pictures"), { recursive: true });
      await page.screenshot({ path: join(output, "pictures", `${name}.png`) });
    },
    async reload() {
      await page.reload();
      await ready(page);
    },
  };
};
