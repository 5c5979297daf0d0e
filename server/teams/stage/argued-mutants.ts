import type { AgentExecution } from "../../../schemas/execution.ts";
import { EQUIVALENT_MUTANT, type Finding } from "../../../schemas/findings.ts";
import { toFinding } from "../../executions/findings.ts";
import { putFinding } from "../../metrics/acceptance.ts";
import type { Store } from "../../store/store.ts";
import { equivalentsOf } from "../gates/equivalents.ts";
import type { TeamParts } from "./stage-parts.ts";

/** The line by which an agent argues that a mutant makes no difference. */
const argument = /^[ \t*-]{0,4}equivalent (m-[0-9a-f]{12}):? (.{1,2000})$/gim;

/** Instructions for the agent on how to argue; empty if no mutant survived in the work that was sent back. */
export const howToArgue = (feedback: string): string =>
  feedback.includes(" its id: m-")
    ? "If no test can tell a mutant from the code, end your summary with a line such as “equivalent m-0123456789ab: the reason”. A person decides whether that is so; until then the mutant counts."
    : "";

/** The mutants that a person confirmed to make no difference. */
export const confirmedEquivalents = (store: Store) =>
  equivalentsOf(
    store.all("findings", { status: "Confirmed" }),
    ({ execution_id }) => store.get("executions", execution_id)?.metadata.agent_name ?? "an agent",
  );

/**
 * Keeps what an agent argues about mutants that survived earlier in its run, as findings that a person
 * confirms or dismisses. The argument of an agent alone changes no gate.
 */
export const keepArguments = async (
  { store, emit, now }: Pick<TeamParts, "store" | "emit" | "now">,
  execution: AgentExecution,
  summary: string,
): Promise<void> => {
  const { execution_id, task_id, tenant_id } = execution;
  const survivors = new Map(
    store
      .all("executions", { task_id })
      .flatMap(({ metadata }) => metadata.gates.flatMap((proof) => proof.survivors ?? []))
      .map((survivor) => [survivor.id, survivor]),
  );
  const known = new Set(store.all("findings", { task_id }).map(({ fingerprint }) => fingerprint));
  const found = [...summary.matchAll(argument)].flatMap(([, id = "", reason = ""], index): Finding[] => {
    const survivor = survivors.get(id);
    if (survivor === undefined || known.has(id)) return [];
    known.add(id);
    const reported = {
      path: survivor.path,
      start_line: survivor.line,
      start_column: null,
      end_line: survivor.line,
      end_column: null,
      severity: "Info" as const,
      category: EQUIVALENT_MUTANT,
      title: `An agent argues that no test can notice the mutant ${survivor.what}`,
      explanation: reason,
      fix: null,
      confidence: 1,
    };
    const origin = { execution_id, task_id, tenant_id, operation_id: EQUIVALENT_MUTANT };
    // The ID of the mutant identifies the argument, also if the user dismissed it in an earlier run.
    const dismissal = store.get("dismissals", id);
    return [
      {
        ...toFinding(reported, index, null, origin, store, now()),
        fingerprint: id,
        status: dismissal === null ? "Open" : "Dismissed",
        dismissed_reason: dismissal?.reason ?? null,
      },
    ];
  });
  if (found.length === 0) return;
  await store.commit((transaction) => {
    for (const finding of found) putFinding(transaction, finding);
  });
  for (const finding of found) emit({ type: "finding.reported", at: now(), task_id, finding });
};
