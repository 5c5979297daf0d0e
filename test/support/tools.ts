import assert from "node:assert/strict";
import { CoditectError } from "../../schemas/errors.ts";
import type { TestRuntime } from "../harness.ts";
import type { Tools } from "../../server/tools/tools-api.ts";

/** Starts a run that needs the user's consent to what its agents' tools can do together, and gives it. */
export const allowExposure = async ({ call }: Pick<TestRuntime, "call">, team_id: string): Promise<void> => {
  const refused: unknown = await call("teams/execute", { team_id, task: "Work." }).then(
    () => null,
    (error: unknown) => error,
  );
  assert.ok(refused instanceof CoditectError, "nothing was asked");
  assert.equal(refused.code, "exposure_unconfirmed");
  await call("consents/set", { name: "exposure", of: String(refused.data.hash), given: true });
};

/** The tools of executions that have no tools outside of their instance. */
export const noTools: Tools = {
  offers: () => Promise.resolve([]),
  call: ({ definition }) =>
    Promise.resolve({ content: `There is no tool ${definition.name}.`, is_error: true }),
  admit: () => undefined,
  frames: () => Promise.resolve({ problem: "nothing takes frames here" }),
  exposure: () => ({ read_untrusted: false, used_secrets: false, acts_outwardly: false }),
  close: () => Promise.resolve(),
};
