import { z } from "zod";
import { Count, Ratio, Timestamp, Uuid, WorkspacePath } from "./primitives.ts";

export const Severity = z.enum(["Critical", "High", "Medium", "Low", "Info"]);
export type Severity = z.infer<typeof Severity>;

/** A replacement: `old_text` occurs exactly once in the file and becomes `new_text`. */
export const Fix = z.strictObject({ old_text: z.string().min(1), new_text: z.string() });
export type Fix = z.infer<typeof Fix>;

/** A new test file that fails because of a defect. The runtime runs it; it is no part of the change. */
const Reproduction = z.strictObject({ path: WorkspacePath, content: z.string().min(1).max(50_000) });

const Line = Count.min(1);

/** What a reviewing agent reports; lines and columns count from 1, the end column is exclusive. */
export const ReportedFinding = z.strictObject({
  path: WorkspacePath,
  start_line: Line,
  start_column: Line.nullable().default(null),
  end_line: Line,
  end_column: Line.nullable().default(null),
  severity: Severity,
  /** Kebab-case kind, such as `sql-injection`. */
  category: z.string().min(1).max(100),
  title: z.string().min(1).max(500),
  explanation: z.string().max(20_000),
  fix: Fix.nullable().default(null),
  confidence: Ratio,
  reproduction: Reproduction.nullish(),
});
export type ReportedFinding = z.infer<typeof ReportedFinding>;

/**
 * `Open`, or the reason why it no longer counts. `Outdated`: its text is gone. `Confirmed`: a person
 * confirmed that its mutant makes no difference.
 */
export const FindingStatus = z.enum(["Open", "Dismissed", "Fixed", "Outdated", "Confirmed"]);
export type FindingStatus = z.infer<typeof FindingStatus>;

/** A stored finding. */
export const Finding = ReportedFinding.extend({
  finding_id: Uuid,
  tenant_id: Uuid,
  task_id: Uuid,
  execution_id: Uuid,
  /** Same path, category and text of the lines: the same finding, in this run or another. */
  fingerprint: z.string(),
  status: FindingStatus,
  dismissed_reason: z.string().nullable(),
  /** What the runtime saw when it ran the reproduction; left out when there is none. */
  proof: z.strictObject({ proven: z.boolean(), reason: z.string() }).nullish(),
  /** Who confirmed it; left out if nobody did. */
  confirmed_by: z.string().min(1).optional(),
  created_at: Timestamp,
  updated_at: Timestamp,
});
export type Finding = z.infer<typeof Finding>;

/** The category of an agent's argument that a mutant makes no difference. A person decides. */
export const EQUIVALENT_MUTANT = "equivalent-mutant";

/** Whether the runtime saw a test fail because of it. */
export const isProven = ({ proof }: Pick<Finding, "proof">): boolean => proof?.proven === true;

/** Proven findings before the others, each group in the order it had. */
export const provenFirst = <Some extends Pick<Finding, "proof">>(findings: readonly Some[]): Some[] =>
  findings.toSorted((one, other) => Number(isProven(other)) - Number(isProven(one)));

/** Remembered, so that a dismissed finding never comes back. */
export const Dismissal = z.strictObject({
  fingerprint: z.string(),
  tenant_id: Uuid,
  reason: z.string().nullable(),
  created_at: Timestamp,
});
export type Dismissal = z.infer<typeof Dismissal>;
