import { execFile, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { setTimeout } from "node:timers/promises";
import { promisify } from "node:util";
import { codeServerEntry, hasCodeServer } from "../../scripts/machine/code-server.ts";
import { spawnCodeServer } from "./code-server-process.ts";
import { pace } from "./pace.ts";

/** The real parts of the editor tests: code-server (VS Code's workbench and extension host) and Chromium. */
export const root = fileURLToPath(new URL("../..", import.meta.url));
export const output = join(root, "test", "output", "editor");

const run = promisify(execFile);

/** The time to start code-server on a quiet machine with two cores. */
const QUIET_START_MS = 1_500;

const SAVE_MS = 10_000;

const chromiumPaths = [
  process.env.CHROMIUM_PATH,
  // Without the browser's own interface, a window opens faster.
  "/usr/bin/chromium-headless-shell",
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
];
export const chromiumPath = (): string | null =>
  chromiumPaths.find((path) => path !== undefined && existsSync(path)) ?? null;

/** The reason why the tests in a real editor cannot run here. Null when they can. */
export const missingPart = (): string | null => {
  if (chromiumPath() === null) return "no Chromium was found (set CHROMIUM_PATH)";
  return hasCodeServer() ? null : "code-server is not installed (node scripts/machine.mjs editor)";
};

export interface CodeServer {
  url: string;
  /** The user data folder: settings, storage, logs. */
  userData: string;
  process: ChildProcess;
  /** Variables that make a program use the same home, configuration and caches. */
  environment: Record<string, string>;
  /** Sets the user's own settings in addition to those that the server was started with. */
  configureMachine(settings: Record<string, unknown>): Promise<void>;
  close(): Promise<void>;
}

export interface CodeServerOptions {
  /** VSIX files. */
  extensions: readonly string[];
  /** Whether VS Code has all the extensions that it comes with. Otherwise, it has those the tests use. */
  allBuiltIn?: boolean;
  settings?: Record<string, unknown>;
  environment?: Record<string, string>;
  /** Turns on workspace trust, as for most users. Otherwise, every folder is trusted. */
  askTrust?: boolean;
}

const quiet = {
  "workbench.startupEditor": "none",
  "security.workspace.trust.banner": "never",
  "telemetry.telemetryLevel": "off",
  "extensions.ignoreRecommendations": true,
  "workbench.tips.enabled": false,
  // Without a graphics card, the processor draws every animation.
  "workbench.reduceMotion": "on",
  "editor.cursorBlinking": "solid",
  "terminal.integrated.cursorBlinking": false,
  "chat.disableAIFeatures": true,
  "files.autoSave": "off",
  "window.commandCenter": false,
  // These tests do not depend on a sandbox.
  "coditect.run.unconfined": "allow",
  "workbench.secondarySideBar.defaultVisibility": "hidden",
};

/**
 * `CODITECT_TEST_THEME=dark` (or `contrast`) selects the theme of the whole test run. The default is light.
 */
const themes: Readonly<Record<string, string>> = {
  dark: "Default Dark Modern",
  contrast: "Default High Contrast",
};
export const theme = process.env.CODITECT_TEST_THEME ?? "light";
const themed = themes[theme] === undefined ? {} : { "workbench.colorTheme": themes[theme] };

const GROUP_DEADLINE_MS = 20_000;

/** The extension's runtime closes its state after its editor ends, and writes until then. */
const groupGone = async (leader: number): Promise<void> => {
  const allowed = pace.deadline(GROUP_DEADLINE_MS);
  const deadline = performance.now() + allowed;
  while (isAlive(-leader)) {
    if (performance.now() > deadline) {
      process.kill(-leader, "SIGKILL");
      throw new Error(`what code-server had started was still there ${allowed} ms after its end`);
    }
    await setTimeout(20);
  }
};

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

/**
 * The extensions of VS Code that the tests use. Each of the others costs every window time, above all those
 * that start programs: the TypeScript server, Git, Copilot.
 */
const USED_BUILT_IN = [
  ...["configuration-editing", "javascript", "json", "json-language-features", "python"],
  ...["theme-defaults", "theme-seti"],
];

/** A folder with the used extensions of VS Code. It is created once. */
const usedBuiltIn = (): Promise<string> => (builtIn ??= linkBuiltIn());
let builtIn: Promise<string> | null = null;

const linkBuiltIn = async (): Promise<string> => {
  const from = join(dirname(codeServerEntry), "..", "..", "lib", "vscode", "extensions");
  const folder = join(output, "built-in");
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  for (const name of USED_BUILT_IN) await symlink(join(from, name), join(folder, name));
  return folder;
};

/** Installs extensions in a folder of their own, once. Every code-server with the same ones uses the folder. */
const installExtensions = (extensions: readonly string[]): Promise<string> => {
  const name = extensions.map((path) => basename(path, ".vsix")).join("+");
  const known = installed.get(name) ?? installInto(join(output, "installed", name), extensions);
  installed.set(name, known);
  return known;
};
const installed = new Map<string, Promise<string>>();

const installInto = async (folder: string, extensions: readonly string[]): Promise<string> => {
  await rm(folder, { recursive: true, force: true });
  const home = await mkdtemp(join(tmpdir(), "coditect-install-"));
  const folders = ["--user-data-dir", home, "--extensions-dir", folder];
  const each = extensions.flatMap((extension) => ["--install-extension", extension]);
  await run(process.execPath, [codeServerEntry, ...folders, ...each], {
    env: { ...process.env, HOME: home, XDG_CONFIG_HOME: home },
  });
  await rm(home, { recursive: true, force: true });
  return folder;
};

/** Starts code-server with these extensions on a free port of the loopback address. */
export const startCodeServer = async (options: CodeServerOptions): Promise<CodeServer> => {
  const { extensions, settings = {}, environment = {}, askTrust = false, allBuiltIn = false } = options;
  const home = await mkdtemp(join(tmpdir(), "coditect-editor-"));
  const userData = join(home, "user");
  await mkdir(join(userData, "User"), { recursive: true });
  await writeFile(
    join(userData, "User", "settings.json"),
    JSON.stringify({ ...quiet, ...themed, ...settings }, null, 2),
  );
  // A server's own settings: in the user's, which are the browser's, those of a machine do not count.
  const configureMachine = async (more: Record<string, unknown>): Promise<void> => {
    const own = { "coditect.run.unconfined": "allow", ...settings, ...more };
    await mkdir(join(userData, "Machine"), { recursive: true });
    await writeFile(join(userData, "Machine", "settings.json"), JSON.stringify(own, null, 2));
  };
  await configureMachine({});
  const installed = await installExtensions(extensions);
  const ofUser = {
    HOME: home,
    XDG_CACHE_HOME: join(home, "cache"),
    XDG_CONFIG_HOME: join(home, "config"),
    ...environment,
  };
  const env = { ...process.env, ...ofUser };
  const started = performance.now();
  const { server, url } = await spawnCodeServer({
    userData,
    extensions: installed,
    builtIn: allBuiltIn ? null : await usedBuiltIn(),
    askTrust,
    env,
  });
  pace.measured(performance.now() - started, QUIET_START_MS);
  return {
    url,
    userData,
    process: server,
    environment: ofUser,
    configureMachine,
    close: async () => {
      const ended = once(server, "exit");
      // It has its own process group, so the extension host ends with it.
      if (server.pid !== undefined && server.exitCode === null) process.kill(-server.pid, "SIGTERM");
      await ended;
      if (server.pid !== undefined) await groupGone(server.pid);
      await rm(home, { recursive: true, force: true });
    },
  };
};

/** Waits until a file matches and returns its text. The editor shows an edit before it saves it. */
export const savedText = async (path: string, pattern: RegExp): Promise<string> => {
  const signal = AbortSignal.timeout(pace.deadline(SAVE_MS));
  for (;;) {
    const text = await readFile(path, "utf8");
    if (pattern.test(text)) return text;
    await setTimeout(50, undefined, { signal });
  }
};
