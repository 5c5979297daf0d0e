import { startHeldModel, type HeldModel } from "./models.ts";
import type { CodeServerOptions } from "./parts.ts";
import { startSession, type EditorSession } from "./session.ts";

/** What the tests of a suite work with; it is there once the suite's hooks have run. */
export interface SuiteParts {
  readonly session: EditorSession;
  readonly model: HeldModel;
}

/**
 * Adds hooks to the suite it is called in: one session and one held model for all its tests, and a
 * picture of each that failed. `options` is asked when the session starts.
 */
export const useWorkbench = (
  options: () => Omit<CodeServerOptions, "extensions"> = () => ({}),
): SuiteParts => {
  let parts: SuiteParts | null = null;
  const started = (): SuiteParts => {
    if (parts === null) throw new Error("The suite's hooks have not run");
    return parts;
  };

  before(async () => {
    const model = await startHeldModel();
    parts = { model, session: await startSession(options()) };
  });
  after(async () => {
    await parts?.session.close();
    await parts?.model.close();
  });
  afterEach(async function () {
    const { model, session } = started();
    model.release();
    if (this.currentTest?.state === "failed") await session.picture(`failed ${this.currentTest.title}`);
  });
  return {
    get session() {
      return started().session;
    },
    get model() {
      return started().model;
    },
  };
};
