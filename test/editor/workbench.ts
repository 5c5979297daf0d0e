import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, type BrowserContext, type Locator, type Page } from "playwright-core";
import { pace } from "./pace.ts";
import { chromiumPath, output, theme } from "./parts.ts";

const flags = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** The address of every code-server in its browser. What a browser keeps of scripts belongs to an address. */
const EDITOR = "http://editor.localhost";

/**
 * A browser for the code-server at this address of the loopback interface; one at a time. All windows of all
 * browsers share what is kept of the workbench's scripts. Without it, each window would compile them again.
 */
export const openBrowser = async (url: string): Promise<BrowserContext> => {
  // Chromium would wait for the profile without an end.
  if (isBrowserOpen) throw new Error("Close the browser that is open first: both would use one profile.");
  profile ??= await mkdtemp(join(tmpdir(), "coditect-browser-"));
  const browser = await chromium.launchPersistentContext(profile, {
    executablePath: chromiumPath() ?? "",
    args: [...flags, `--host-resolver-rules=MAP ${new URL(EDITOR).hostname} ${new URL(url).host}`],
    viewport: { width: 1280, height: 1000 },
    locale: "en-US",
    reducedMotion: "reduce",
  });
  isBrowserOpen = true;
  browser.once("close", () => {
    isBrowserOpen = false;
  });
  await browser.addInitScript({ content: STOP_ANIMATIONS });
  return browser;
};

let profile: string | null = null;
let isBrowserOpen = false;

/** Removes what browsers keep for each other, after the last one. */
export const removeBrowserData = async (): Promise<void> => {
  if (profile !== null) await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  profile = null;
};

/** What the workbench stores in the browser. Each window begins without. */
const STORED = "cookies,indexeddb,local_storage,service_workers";

/**
 * Runs in each page. VS Code's spinners turn even with reduced motion, and without a graphics card the
 * processor draws every frame.
 */
const STOP_ANIMATIONS = `
  const sheet = new CSSStyleSheet();
  sheet.replaceSync("*, ::before, ::after { animation: none !important; transition: none !important; }");
  document.adoptedStyleSheets.push(sheet);
`;

/** What a state of the workbench, and a run of a team, take at most on a quiet machine. */
const STATE_MS = 45_000;
const RUN_MS = 90_000;
/** The time in which a quiet machine shows the line of a quick open box. */
const LINE_MS = 10_000;
/** What opening the workbench takes on a quiet machine of two cores. */
const QUIET_OPEN_MS = 4_000;
/** Opening is what the pace is measured by, so nothing is known of it before. */
export const OPEN_MS = 240_000;

/**
 * VS Code's workbench, driven by mouse and keyboard as a person does. Whatever the workbench computes
 * once, when it is asked (the palette's lines, the fixes of a line), is asked for only after what it
 * is computed from can be seen.
 */
export interface Workbench {
  readonly page: Page;
  /** Opens the palette with this typed into it. */
  readonly typeCommand: (text: string) => Promise<void>;
  /** Runs a command by its title from the palette. */
  readonly command: (title: string) => Promise<void>;
  /** Types into the input box with this title or prompt, and presses Enter. */
  readonly answer: (prompt: string | RegExp, text: string) => Promise<void>;
  /** Chooses the line of the quick pick that is open with this text. */
  readonly choose: (text: string | RegExp) => Promise<void>;
  /**
   * Opens a file by its path, absolute or in the folder; resolves when the cursor is in it. `listed`:
   * what quick open shows of it, where its name alone is not enough.
   */
  readonly openFile: (path: string, listed?: RegExp) => Promise<void>;
  /** The editor of a file, while the cursor is in it. */
  readonly editor: (path: string) => Locator;
  /** Opens the fixes at the cursor, which has just come to a place that has some. */
  readonly showFixes: (path: string) => Promise<void>;
  /** A line of a tree of the sidebar, by the name a screen reader says. */
  readonly treeItem: (name: string | RegExp) => Locator;
  /** Opens a line of a tree, if it is closed. */
  readonly expand: (name: string | RegExp) => Promise<void>;
  readonly showView: () => Promise<void>;
  /** The line of a run in the tree, once every gate of it held. */
  readonly runHeld: (name: string | RegExp) => Promise<void>;
  /** Waits until this stage of the run that is shown has proven its gates. */
  readonly stageCompleted: (name: string) => Promise<void>;
  /** Runs the TDD team on the file the cursor is in; without a task it takes its own one for the file. */
  readonly runTdd: (task?: string) => Promise<void>;
  /** Allows the project's own team, which is asked for at its first run. */
  readonly allowTeam: () => Promise<void>;
  /** Runs the short team on a project that has it; resolves at the end of its run, whose task this is. */
  readonly runShort: (task?: string) => Promise<void>;
  /** Runs the rehearsal on the sample project from the view's own button; resolves at its end. */
  readonly rehearse: () => Promise<void>;
  readonly notification: (text: string | RegExp) => Locator;
  /** Keeps a picture in the tests' output. */
  readonly picture: (name: string) => Promise<void>;
  /** Loads the window anew; only for a window in which the extension is at work by itself. */
  readonly reload: () => Promise<void>;
}

export const openWorkbench = async (browser: BrowserContext, folder: string): Promise<Workbench> => {
  const page = await browser.newPage();
  const devtools = await browser.newCDPSession(page);
  await devtools.send("Storage.clearDataForOrigin", { origin: EDITOR, storageTypes: STORED });
  await devtools.detach();
  page.setDefaultTimeout(OPEN_MS);
  const query = folder.endsWith(".code-workspace") ? "workspace" : "folder";
  const started = performance.now();
  await page.goto(`${EDITOR}/?${query}=${encodeURIComponent(folder)}`);
  await extensionIsKnown(page);
  pace.measured(performance.now() - started, QUIET_OPEN_MS);
  page.setDefaultTimeout(pace.deadline(STATE_MS));
  return driveWorkbench(page);
};

/** The palette knows the extension's commands from when its icon is there. */
const extensionIsKnown = async (page: Page): Promise<void> => {
  await page.locator(".monaco-workbench .part.statusbar").waitFor();
  await page.locator(".activitybar a[aria-label^='CODITECT']").waitFor();
};

/** After a reload the icon is drawn from memory; the status item is there when the extension is active. */
const extensionIsActive = async (page: Page): Promise<void> => {
  await extensionIsKnown(page);
  await page.locator(".part.statusbar .statusbar-item", { hasText: "CODITECT" }).waitFor();
};

const driveWorkbench = (page: Page): Workbench => {
  const quickInput = page.locator(".quick-input-widget:visible");
  const line = (text: string | RegExp) => quickInput.locator(".monaco-list-row", { hasText: text });

  /** Opens a quick open box with a key, and types. */
  const typeInto = async (key: string, text: string): Promise<void> => {
    await page.keyboard.press(key);
    await quickInput.locator("input[type=text]").fill(text);
  };
  /**
   * Opens a quick open box with a key, types, and accepts the selected line once it is the expected one.
   * While the window still loads, a part that takes the focus closes the box, and commands that load later
   * are not in its list. In these cases, this opens the box again, as a person would.
   */
  const take = async (key: string, text: string, wanted: string | RegExp): Promise<void> => {
    const selected = line(wanted).and(page.locator(".focused"));
    const isSelected = (): Promise<boolean> =>
      selected.waitFor({ timeout: pace.deadline(LINE_MS) }).then(
        () => true,
        () => false,
      );
    const deadline = performance.now() + pace.deadline(STATE_MS);
    await typeInto(key, text);
    while (!(await isSelected())) {
      if (performance.now() > deadline) throw new Error(`The line “${String(wanted)}” was never selected.`);
      await page.keyboard.press("Escape");
      await typeInto(key, text);
    }
    await page.keyboard.press("Enter");
  };
  const command = (title: string): Promise<void> => take("F1", `>${title}`, title);
  const editor = (path: string) =>
    page.locator(`.monaco-editor.focused[data-uri$="/${path.replace(/^\//, "")}"]`);
  const treeItem = (name: string | RegExp) => page.getByRole("treeitem", { name });
  const runHeld = (name: string | RegExp) => treeItem(name).waitFor({ timeout: pace.deadline(RUN_MS) });
  const showView = async () => {
    const icon = page.locator(".activitybar .action-item", {
      has: page.locator("a[aria-label^='CODITECT']"),
    });
    // A click on the icon of the view that is shown hides it.
    if ((await icon.and(page.locator(".checked")).count()) === 0) await icon.click();
    await page.locator(".composite.title", { hasText: "CODITECT" }).waitFor();
  };

  const stageCompleted = (name: string): Promise<void> =>
    treeItem(new RegExp(`^Stage ${name}, Completed`)).waitFor({ timeout: pace.deadline(RUN_MS) });
  const openFile = async (path: string, listed?: RegExp): Promise<void> => {
    await take("Control+P", path, listed ?? path.split("/").at(-1) ?? path);
    await editor(path).waitFor();
  };
  const runTdd = async (task?: string): Promise<void> => {
    const title = "Run TDD Team on Current File";
    // It depends on the same as the palette's line: that the workspace is trusted, and whose file it is.
    await page.locator(".editor-actions").getByRole("button", { name: title }).waitFor();
    await command(`CODITECT: ${title}`);
    if (task !== undefined) await quickInput.locator("input[type=text]").fill(task);
    await page.locator(".quick-input-list .monaco-list-row", { hasText: "Start" }).first().click();
  };
  let isTeamAllowed = false;
  const allowTeam = async (): Promise<void> => {
    const question = page.locator(".monaco-dialog-box", { hasText: "its own agents and teams" });
    await question.getByRole("button", { name: "Use It as It Is Now" }).click();
  };

  return {
    page,
    typeCommand: (text) => typeInto("F1", `>${text}`),
    command,
    answer: async (prompt, text) => {
      await quickInput.filter({ hasText: prompt }).locator("input").fill(text);
      await page.keyboard.press("Enter");
    },
    choose: async (text) => {
      await line(text).first().click();
    },
    openFile,
    editor,
    showFixes: async (path) => {
      // VS Code drops the question for fixes when a marker or the cursor changes while it is asked. The bulb
      // is there when nothing is pending.
      await editor(path).locator(".lightBulbWidget").waitFor();
      await page.keyboard.press("Control+.");
    },
    treeItem,
    expand: async (name) => {
      const [open, closed] = [true, false].map((expanded) => page.getByRole("treeitem", { name, expanded }));
      if (!open || !closed) return;
      await open.or(closed).first().waitFor();
      if (await closed.isVisible()) await closed.click();
      await open.waitFor();
    },
    showView,
    runHeld,
    stageCompleted,
    runTdd,
    allowTeam,
    runShort: async (task = "Round to whole cents") => {
      await openFile("src/bill.js");
      await runTdd(task);
      if (!isTeamAllowed) await allowTeam();
      isTeamAllowed = true;
      await showView();
      await runHeld(new RegExp(`^Run tdd: ${task}.*every gate held`));
    },
    rehearse: async () => {
      await showView();
      await page.getByRole("button", { name: "Run the Rehearsal" }).click();
      await runHeld(/^Run tdd.*every gate held/);
    },
    notification: (text) => page.locator(".notification-toast", { hasText: text }),
    picture: async (name) => {
      const folder = join(output, "pictures", theme);
      await mkdir(folder, { recursive: true });
      await page.screenshot({ path: join(folder, `${name}.png`) });
    },
    reload: async () => {
      await page.reload();
      await extensionIsActive(page);
    },
  };
};
