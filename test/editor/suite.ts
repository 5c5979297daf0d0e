import type { Test } from "mocha";
import { startHeldModel, type HeldModel } from "./models.ts";
import { pace } from "./pace.ts";
import type { CodeServerOptions } from "./parts.ts";
import { startSession, type EditorSession } from "./session.ts";
import { OPEN_MS, removeBrowserData, type Workbench } from "./workbench.ts";

/** The time to build and package the extension, start code-server and end everything. */
const SET_UP_MS = 600_000;
/** The time of a test on a quiet machine after its window opened. */
const TEST_MS = 180_000;

/** The context of the tests in a suite. It is available after the suite's hooks ran. */
export interface SuiteParts {
  readonly session: EditorSession;
  readonly model: HeldModel;
  /**
   * The window of a suite. Its tests leave it as they found it, without open editors. The first test opens it
   * on the folder that `prepare` creates, and so does the test after a failed one.
   */
  shareWindow(prepare: () => Promise<string>): () => Promise<Workbench>;
}

/**
 * The session of all suites without special options, because starting a session takes as long as opening a
 * window. It ends when a suite with a session of its own begins.
 */
let shared: EditorSession | null = null;
/** Ends the session of the suites so far. Call it before you open a browser without `useWorkbench`. */
export const endShared = async (): Promise<void> => {
  const ended = shared;
  shared = null;
  await ended?.close();
};
after(async function () {
  this.timeout(SET_UP_MS);
  await endShared();
  await removeBrowserData();
});

/**
 * Adds hooks to the current suite: a session and a held model for all its tests, and a screenshot of each
 * failed test. With `options`, which is called when the session starts, the suite has its own session.
 */
export const useWorkbench = (options?: () => Omit<CodeServerOptions, "extensions">): SuiteParts => {
  let model: HeldModel | null = null;
  let session: EditorSession | null = null;
  let current: Test | null = null;
  let window: Workbench | null = null;

  /** The time to open a window shows how fast the machine is. The deadline of the test depends on it. */
  const followPace = (from: EditorSession): EditorSession => ({
    ...from,
    open: async (folder) => {
      current?.timeout(OPEN_MS);
      const workbench = await from.open(folder);
      current?.timeout(pace.deadline(TEST_MS));
      return workbench;
    },
  });

  before(async function () {
    this.timeout(SET_UP_MS);
    model = await startHeldModel();
    if (options !== undefined) await endShared();
    session = followPace(
      options === undefined ? (shared ??= await startSession()) : await startSession(options()),
    );
  });
  beforeEach(function () {
    current = this.currentTest ?? null;
    current?.timeout(OPEN_MS);
  });
  afterEach(async function () {
    this.timeout(SET_UP_MS);
    model?.release();
    if (this.currentTest?.state !== "failed") return;
    window = null;
    await session?.picture(`failed ${this.currentTest.title}`);
  });
  after(async function () {
    this.timeout(SET_UP_MS);
    await (options === undefined ? session?.closeWindow() : session?.close());
    await model?.close();
  });
  const started = <Part>(part: Part | null): Part => {
    if (part === null) throw new Error("The suite's hooks have not run");
    return part;
  };
  return {
    get session() {
      return started(session);
    },
    get model() {
      return started(model);
    },
    shareWindow: (prepare) => async () => {
      current?.timeout(pace.deadline(TEST_MS));
      if (window === null) return (window = await started(session).open(await prepare()));
      await window.command("View: Close All Editors");
      await window.command("Notifications: Clear All Notifications");
      return window;
    },
  };
};
