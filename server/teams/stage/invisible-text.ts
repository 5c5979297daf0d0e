import type { ChangeSet, FileChange } from "../../../schemas/changes.ts";
import type { RuntimeEvent } from "../../../schemas/events.ts";
import type { AgentExecution } from "../../../schemas/execution.ts";
import type { Finding } from "../../../schemas/findings.ts";
import { hidesText } from "../../../schemas/plain-text.ts";
import { toFinding } from "../../executions/findings.ts";
import { putFinding } from "../../metrics/acceptance.ts";
import type { Store } from "../../store/store.ts";

interface ReportParts {
  store: Store;
  emit: (event: RuntimeEvent) => void;
  now: () => string;
}

/** The category of the findings that the runtime itself reports. */
const CATEGORY = "invisible-characters";

/** The first line with characters that a reader does not see; null if there is none. */
const lineOf = (text: string): number | null => {
  const index = text.split("\n").findIndex((line) => hidesText(line.replace(/\r$/, "")));
  return index < 0 ? null : index + 1;
};

/**
 * Reports each file to which a change set adds characters that a reader does not see, once per run. Such characters
 * can hide instructions to agents or make code misleading.
 */
export const reportInvisible = async (
  { store, emit, now }: ReportParts,
  { execution_id, task_id, tenant_id }: Pick<AgentExecution, "execution_id" | "task_id" | "tenant_id">,
  { files }: Pick<ChangeSet, "files">,
  changes: readonly FileChange[],
): Promise<void> => {
  const known = new Set(store.all("findings", { task_id }).map(({ fingerprint }) => fingerprint));
  const marked = files.filter(({ marks }) => marks?.includes("invisible") === true);
  const found = marked.flatMap(({ path }, index): Finding[] => {
    const content = changes.find((change) => change.path === path)?.content;
    const text = content?.encoding === "utf8" ? content.data : null;
    const line = text === null ? 1 : (lineOf(text) ?? 1);
    const reported = {
      path,
      start_line: line,
      start_column: null,
      end_line: line,
      end_column: null,
      severity: "High" as const,
      category: CATEGORY,
      title: "The change contains invisible characters",
      explanation:
        "Bidirectional marks, zero-width spaces, tag characters and long runs of whitespace can hide instructions to agents, or make code look like other code. Open this file in an editor that shows such characters.",
      fix: null,
      confidence: 1,
    };
    const origin = { execution_id, task_id, tenant_id, operation_id: CATEGORY };
    const finding = toFinding(reported, index, text, origin, store, now());
    const proof = { proven: true, reason: "The runtime found them in the text." };
    return known.has(finding.fingerprint) ? [] : [{ ...finding, proof }];
  });
  if (found.length === 0) return;
  await store.commit((transaction) => {
    for (const finding of found) putFinding(transaction, finding);
  });
  for (const finding of found) emit({ type: "finding.reported", at: now(), task_id, finding });
};
