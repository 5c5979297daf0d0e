import { fail } from "../../schemas/errors.ts";
import type { Hooks } from "../hooks/hooks-api.ts";
import type { Store } from "../store/store.ts";
import type { Changes } from "./changes.ts";

/**
 * Runs the hooks `PreApply` and `PostApply` around the files that the runtime writes. Errors of `apply`:
 * also `hook_refused` and `hook_failed`; after `PostApply`, the files are written already.
 */
export const withHooks = (changes: Changes, hooks: Hooks, store: Pick<Store, "get">): Changes => ({
  ...changes,
  apply: async (changeSetId, paths) => {
    if (!hooks.has("PreApply") && !hooks.has("PostApply")) return changes.apply(changeSetId, paths);
    const stored = store.get("changeSets", changeSetId);
    if (stored === null) throw fail("not_found", { kind: "change set", id: changeSetId });
    const { task_id } = stored;
    // Their own deadlines end them: nobody waits for a decision that can be taken back.
    const { signal } = new AbortController();
    const common = { task_id, subject: null };
    const named = { change_set_id: changeSetId };
    const wanted = [...(paths ?? stored.files.map(({ path }) => path))];
    await hooks.run({ ...common, event: "PreApply", input: { ...named, paths: wanted } }, signal);
    const applied = await changes.apply(changeSetId, paths);
    const files = applied.files.map(({ path, result }) => ({ path, result }));
    await hooks.run({ ...common, event: "PostApply", input: { ...named, files } }, signal);
    return applied;
  },
});
