import { lastAttempts } from "../../schemas/attempts.ts";
import type { ChangeSet } from "../../schemas/changes.ts";
import { fail } from "../../schemas/errors.ts";
import type { Store } from "../store/store.ts";
import type { Entry } from "./build.ts";

/** What an attempt left. Error: `not_found` for another number, and for one that left nothing. */
export const changeSetOfAttempt = (store: Pick<Store, "get">, taskId: string, attempt: number): ChangeSet => {
  const attempts = lastAttempts(store.get("runs", taskId)?.stages ?? []);
  const found = attempts.find((each) => each.attempt === attempt);
  const execution = found === undefined ? null : store.get("executions", found.execution_id);
  const id = execution?.metadata.change_set_id ?? null;
  const changeSet = id === null ? null : store.get("changeSets", id);
  if (changeSet === null) throw fail("not_found", { kind: "change set of attempt", id: String(attempt) });
  return changeSet;
};

/** How the state that one change leaves differs from the state that another one leaves. */
export const entriesBetween = (from: readonly Entry[], to: readonly Entry[]): Entry[] => {
  const [first, last] = [from, to].map((entries) => new Map(entries.map((entry) => [entry.path, entry])));
  return [...new Set([...from, ...to].map(({ path }) => path))].flatMap((path) => {
    const [one, other] = [first?.get(path), last?.get(path)];
    // What a change does not name is as it was in the workspace, which the other one knows.
    const before = one === undefined ? (other?.before ?? null) : one.after;
    const after = other === undefined ? (one?.before ?? null) : other.after;
    return before === after
      ? []
      : [{ path, before, after, executable: other?.executable ?? one?.executable ?? false }];
  });
};
