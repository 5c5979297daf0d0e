import { type Diagnostic, DiagnosticSeverity, type Range } from "vscode-languageserver/node";
import type { DiagnosticData } from "../../../schemas/editor.ts";
import { isProven, type Finding, type Severity } from "../../../schemas/findings.ts";
import type { Settings } from "../../../schemas/settings.ts";
import type { Localizer } from "../../../schemas/localizer.ts";
import type { Placed } from "./locate.ts";
import { plainText } from "../../../schemas/plain-text.ts";

const severities: Readonly<Record<Severity, DiagnosticSeverity>> = {
  Critical: DiagnosticSeverity.Error,
  High: DiagnosticSeverity.Error,
  Medium: DiagnosticSeverity.Warning,
  Low: DiagnosticSeverity.Information,
  Info: DiagnosticSeverity.Hint,
};

const firstColumn = (text: string): number => text.length - text.trimStart().length;

/** The range of a located finding in the editor's coordinates. `null` if its text does not occur. */
export const rangeOf = ({ finding, line }: Placed, lines: readonly string[]): Range | null => {
  if (line === null) return null;
  const lastLine = Math.min(line + finding.end_line - finding.start_line, lines.length - 1);
  const [first = "", last = ""] = [lines[line], lines[lastLine]];
  const start = Math.min((finding.start_column ?? firstColumn(first) + 1) - 1, first.length);
  const end = Math.min((finding.end_column ?? last.trimEnd().length + 1) - 1, last.length);
  const isEmpty = lastLine === line && end <= start;
  return {
    start: { line, character: isEmpty ? firstColumn(first) : start },
    end: { line: lastLine, character: isEmpty ? first.length : end },
  };
};

/** The position of a text that occurs exactly once. `null` otherwise. */
export const rangeOfText = (text: string, wanted: string): Range | null => {
  const at = text.indexOf(wanted);
  if (at < 0 || text.includes(wanted, at + 1)) return null;
  const position = (offset: number) => {
    const before = text.slice(0, offset).split("\n");
    return { line: before.length - 1, character: before.at(-1)?.length ?? 0 };
  };
  return { start: position(at), end: position(at + wanted.length) };
};

const percent = (confidence: number): string => `${Math.round(confidence * 100)} %`;

const related = (finding: Finding, { uri, text }: PresentFile, range: Range, l10n: Localizer) => {
  const fix = finding.fix === null ? null : rangeOfText(text, finding.fix.old_text);
  return [
    ...(finding.explanation === "" ? [] : [{ location: { uri, range }, message: finding.explanation }]),
    ...(fix === null
      ? []
      : [{ location: { uri, range: fix }, message: l10n.t("The suggested fix changes this.") }]),
  ];
};

/** The current state of a file. */
export interface PresentFile {
  uri: string;
  text: string;
  lines: readonly string[];
}

/** A finding as a diagnostic. `null` if its text is not in the file. */
export const toDiagnostic = (placed: Placed, file: PresentFile, l10n: Localizer): Diagnostic | null => {
  const { finding } = placed;
  const range = rangeOf(placed, file.lines);
  if (range === null) return null;
  const data: DiagnosticData = { finding_id: finding.finding_id };
  return {
    range,
    severity: severities[finding.severity],
    source: "coditect",
    code: finding.category,
    message: isProven(finding) ? l10n.t("Proven: {0}", finding.title) : finding.title,
    relatedInformation: related(finding, file, range, l10n),
    data,
  };
};

/**
 * The text of an agent without pictures. Loading a picture would send data to a server, and a hostile text
 * may have made the agent include it.
 */
const withoutPictures = (text: string): string =>
  plainText(text)
    .replaceAll("![", "!\\[")
    .replace(/<(?=(?:img|picture|source|svg|video|audio|iframe|object|embed|link|style)\b)/gi, "\\<");

const proofText = (finding: Finding, l10n: Localizer): string =>
  isProven(finding) ? l10n.t("proven by a failing test") : l10n.t("unproven");

/** Whether the settings allow a finding to be shown. */
export const isShown = (
  finding: Finding,
  { min_confidence, hide_unproven }: Pick<Settings, "min_confidence" | "hide_unproven">,
): boolean => finding.confidence >= min_confidence && (!hide_unproven || isProven(finding));

/** The whole finding, for a hover. */
export const describeFinding = (finding: Finding, l10n: Localizer): string =>
  [
    `**${withoutPictures(finding.title)}**`,
    `${finding.severity} · ${finding.category} · ${l10n.t("confidence {0}", percent(finding.confidence))} · ${proofText(finding, l10n)}`,
    withoutPictures(finding.explanation),
    ...(finding.fix === null
      ? []
      : [
          l10n.t("Suggested fix:"),
          `${fence(finding.fix.new_text)}\n${finding.fix.new_text}\n${fence(finding.fix.new_text)}`,
        ]),
  ]
    .filter((part) => part !== "")
    .join("\n\n");

/** A fence that is longer than any fence in the text, so that an agent's text cannot end it. */
const fence = (text: string): string =>
  "`".repeat(Math.max(3, ...[...text.matchAll(/`+/g)].map(([run]) => run.length + 1)));
