import type { RuntimeEvent } from "../../schemas/events.ts";
import type { Localizer } from "../../schemas/localizer.ts";
import { markdownText } from "../../schemas/plain-text.ts";
import type { RunRecord } from "../tree/model.ts";
import { runStatusText } from "../tree/run-items.ts";

/** A run that has ended. */
export interface Outcome {
  run: RunRecord;
  end: Extract<RuntimeEvent, { type: "run.finished" }>;
}

/**
 * A line of progress in Markdown; null if the event shows no progress. Chat loads the pictures of Markdown,
 * and their addresses could send data away. Therefore, text from a model or a repository is plain text here.
 */
export const describeEvent = (event: RuntimeEvent, l10n: Localizer): string | null => {
  if (event.type === "stage.started") return markdownText(`${event.stage} (${event.agent_type})`);
  if (event.type !== "gate.proved") return null;
  const { gate, held, reason } = event.proof;
  return markdownText(
    held ? l10n.t("Gate {0} held: {1}", gate, reason) : l10n.t("Gate {0} did not hold: {1}", gate, reason),
  );
};

/** The part of an outcome that the summary shows. */
export interface Told {
  run: { changes: readonly { decision: string }[] };
  end: Pick<Outcome["end"], "status"> & {
    stages: readonly { gates: readonly { gate: string; held: boolean; reason: string }[] }[];
    changes: readonly { path: string; lines_added: number; lines_removed: number }[];
    findings: readonly { severity: string; title: string; path: string; start_line: number }[];
    error: { message: string; next_step: string | null } | null;
  };
}

/** The result in Markdown, for a person or a model. */
export const summarise = ({ run, end }: Told, l10n: Localizer): string => {
  const item = (text: string): string => `- ${markdownText(text.replaceAll("\n", " "))}`;
  const lines = [
    `**${markdownText(runStatusText(end.status, l10n))}**`,
    ...end.stages
      .flatMap((stage) => stage.gates)
      .map(({ gate, held, reason }) => item(`${held ? "✓" : "✗"} ${gate}: ${reason}`)),
    ...end.changes.map(({ path, lines_added, lines_removed }) =>
      item(`${path} (+${lines_added} −${lines_removed})`),
    ),
    ...end.findings.map(({ severity, title, path, start_line }) =>
      item(`${severity}: ${title} (${path}:${start_line})`),
    ),
    end.error === null ? "" : markdownText(`${end.error.message} ${end.error.next_step ?? ""}`),
    run.changes.some(({ decision }) => decision === "Pending")
      ? l10n.t("The workspace has not changed. The changes wait for the user's review.")
      : "",
  ];
  return lines.filter((line) => line !== "").join("\n");
};
