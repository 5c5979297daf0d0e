import { createHash } from "node:crypto";
import type { Finding, Fix, ReportedFinding } from "../../schemas/findings.ts";
import type { Timestamp } from "../../schemas/primitives.ts";
import type { Store } from "../store/store.ts";

export interface FindingOrigin {
  tenant_id: string;
  task_id: string;
  execution_id: string;
  /** Same call, same ids: a call repeated after a crash reports nothing twice. */
  operation_id: string;
}

const sha256 = (...parts: string[]): string => createHash("sha256").update(parts.join("\0")).digest("hex");

/** A UUID (version 8) that is the same for the same parts. */
const stableId = (...parts: string[]): string => {
  const hex = sha256(...parts);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
};

/** The text of lines without indentation and line ends, by which a finding is recognised. */
export const subjectOf = (lines: readonly string[]): string => lines.map((line) => line.trim()).join("\n");

/** Same path, category and subject: the same finding, in this run or another. */
export const fingerprintOf = (path: string, category: string, subject: string): string =>
  sha256(path, category, subject);

/** Keeps a fix only if it is certain where to apply it. */
const certainFix = (fix: Fix | null, text: string | null): Fix | null => {
  if (fix === null || text === null) return null;
  const first = text.indexOf(fix.old_text);
  return first >= 0 && !text.includes(fix.old_text, first + 1) ? fix : null;
};

/**
 * The stored form of a reported finding. Its fingerprint consists of the path, the category and the text that
 * it points at, so a later run recognises it even if the lines have moved. If it was dismissed before, it is
 * stored as dismissed.
 *
 * @param text the file as the agent saw it; null if there is none.
 */
export const toFinding = (
  reported: ReportedFinding,
  index: number,
  text: string | null,
  origin: FindingOrigin,
  store: Pick<Store, "get">,
  now: Timestamp,
): Finding => {
  const lines = text?.split(/\r?\n/).slice(reported.start_line - 1, reported.end_line);
  const subject = lines === undefined ? reported.title : subjectOf(lines);
  const fingerprint = fingerprintOf(reported.path, reported.category, subject);
  const dismissal = store.get("dismissals", fingerprint);
  return {
    ...reported,
    end_line: Math.max(reported.start_line, reported.end_line),
    fix: certainFix(reported.fix, text),
    finding_id: stableId(origin.execution_id, origin.operation_id, String(index)),
    tenant_id: origin.tenant_id,
    task_id: origin.task_id,
    execution_id: origin.execution_id,
    fingerprint,
    status: dismissal === null ? "Open" : "Dismissed",
    dismissed_reason: dismissal?.reason ?? null,
    created_at: now,
    updated_at: now,
  };
};

/** A Critical or High finding stops a run if the agent's confidence is at least this. */
const BLOCKING_CONFIDENCE = 0.7;

/** The same rule in words, for agents that report findings. */
export const whatBlocks = `A finding of severity Critical or High with a confidence of ${BLOCKING_CONFIDENCE} or more sends the work back. Every other one is noted.`;

/** Whether an open finding stops a run. See `GateName`. */
export const isBlocking = (finding: Finding): boolean =>
  finding.status === "Open" &&
  (finding.severity === "Critical" || finding.severity === "High") &&
  finding.confidence >= BLOCKING_CONFIDENCE;
