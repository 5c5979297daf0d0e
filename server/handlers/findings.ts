import { fail } from "../../schemas/errors.ts";
import { EQUIVALENT_MUTANT, type Finding } from "../../schemas/findings.ts";
import { lessonOfDismissal } from "../feedback/lessons.ts";
import { putFinding } from "../metrics/acceptance.ts";
import { scoreAuthors } from "../teams/run/author-quality.ts";
import type { HandlerContext, HandlersOf } from "./context.ts";
import { found } from "./lookup.ts";
import { userName } from "../platform/user-name.ts";

/** What reviewing agents reported. A dismissal is remembered by fingerprint. */
export const findingHandlers = ({ store, feedback, emit, now }: HandlerContext): HandlersOf<"findings"> => {
  const announce = (findings: readonly Finding[]): void => {
    for (const finding of findings)
      emit({ type: "finding.changed", at: now(), task_id: finding.task_id, finding });
  };

  return {
    "findings/list": ({ task_id, path, status, limit, cursor }) =>
      store.page("findings", { task_id, path, status }, { limit, cursor }),

    /** Every open finding of the same fingerprint goes with it, of whatever run. */
    "findings/dismiss": async ({ finding_id, reason }) => {
      const { fingerprint, path } = found(store, "findings", finding_id);
      const at = now();
      const dismissed = store
        .all("findings", { path })
        .filter(
          (finding) =>
            finding.finding_id === finding_id ||
            (finding.fingerprint === fingerprint && finding.status === "Open"),
        )
        .map((finding): Finding => ({
          ...finding,
          status: "Dismissed",
          dismissed_reason: reason,
          updated_at: at,
        }));
      await store.commit((transaction) => {
        for (const finding of dismissed) putFinding(transaction, finding);
        transaction.put("dismissals", { fingerprint, tenant_id: store.tenantId, reason, created_at: at });
      });
      announce(dismissed);
      for (const task_id of new Set(dismissed.map((finding) => finding.task_id)))
        await scoreAuthors({ store, emit, now }, task_id);
      const finding = found(store, "findings", finding_id);
      await feedback.learn(lessonOfDismissal(finding, store.all("findings", { status: "Dismissed" })));
      return finding;
    },

    "findings/confirm": async ({ finding_id }, { remote }) => {
      const finding = found(store, "findings", finding_id);
      if (finding.category !== EQUIVALENT_MUTANT || finding.status !== "Open")
        throw fail("not_confirmable", { title: finding.title });
      const confirmed: Finding = {
        ...finding,
        status: "Confirmed",
        confirmed_by: remote?.user ?? userName(),
        updated_at: now(),
      };
      await store.commit((transaction) => {
        putFinding(transaction, confirmed);
      });
      announce([confirmed]);
      return confirmed;
    },

    "findings/resolve": async ({ finding_id, status }) => {
      const finding: Finding = { ...found(store, "findings", finding_id), status, updated_at: now() };
      await store.commit((transaction) => {
        putFinding(transaction, finding);
      });
      announce([finding]);
      await scoreAuthors({ store, emit, now }, finding.task_id);
      return finding;
    },
  };
};
