import { extname } from "node:path";
import type { Finding, Severity } from "../../../../schemas/findings.ts";
import { sarifMessage } from "../../../../schemas/plain-text.ts";

const levels: Record<Severity, "error" | "warning" | "note"> = {
  Critical: "error",
  High: "error",
  Medium: "warning",
  Low: "note",
  Info: "note",
};

/** The severity of security rules on GitHub's scale from 0 to 10. */
const securitySeverity: Record<Severity, string> = {
  Critical: "9.5",
  High: "8.0",
  Medium: "5.5",
  Low: "3.0",
  Info: "1.0",
};

/**
 * Open findings as a SARIF 2.1.0 log for code hosts and editors.
 *
 * @param textOf the text of a file as the agents left it. Null if there is none. Only findings in files with
 * a text have fixes, because SARIF needs their exact region.
 */
export const toSarif = (
  findings: readonly Finding[],
  textOf: (path: string) => string | null,
  version: string,
): object => {
  const open = findings.filter((finding) => finding.status === "Open");
  const categories = [...new Set(open.map((finding) => finding.category))];
  return {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: {
          driver: {
            name: "CODITECT Agents",
            semanticVersion: version,
            rules: categories.map((category) => ({
              id: category,
              shortDescription: { text: category.replaceAll("-", " ") },
            })),
          },
        },
        columnKind: "utf16CodeUnits",
        originalUriBaseIds: { SRCROOT: { description: { text: "The workspace folder." } } },
        results: open.map((finding) => result(finding, categories.indexOf(finding.category), textOf)),
      },
    ],
  };
};

const artifact = (path: string) => ({
  uri: path.split("/").map(encodeURIComponent).join("/"),
  uriBaseId: "SRCROOT",
});

const result = (finding: Finding, ruleIndex: number, textOf: (path: string) => string | null) => {
  const text = textOf(finding.path);
  const fix = text === null ? null : fixOf(finding, text);
  return {
    ruleId: finding.category,
    ruleIndex,
    level: levels[finding.severity],
    message: { text: sarifMessage(`${finding.title}\n\n${finding.explanation}`.trimEnd()) },
    locations: [
      {
        physicalLocation: {
          artifactLocation: artifact(finding.path),
          region: {
            startLine: finding.start_line,
            ...(finding.start_column !== null && { startColumn: finding.start_column }),
            endLine: finding.end_line,
            ...(finding.end_column !== null && { endColumn: finding.end_column }),
            ...(languageOf(finding.path) !== null && { sourceLanguage: languageOf(finding.path) }),
          },
        },
      },
    ],
    partialFingerprints: { "coditectFingerprint/v1": finding.fingerprint },
    rank: Math.round(finding.confidence * 100),
    ...(fix !== null && { fixes: [fix] }),
    properties: {
      severity: finding.severity,
      confidence: finding.confidence,
      ...(finding.proof != null && { proven: finding.proof.proven }),
      "security-severity": securitySeverity[finding.severity],
    },
  };
};

const fixOf = ({ fix, path, title }: Finding, text: string) => {
  const start = fix === null ? -1 : text.indexOf(fix.old_text);
  if (fix === null || start === -1) return null;
  const from = position(text, start);
  const to = position(text, start + fix.old_text.length);
  return {
    description: { text: sarifMessage(title) },
    artifactChanges: [
      {
        artifactLocation: artifact(path),
        replacements: [
          {
            deletedRegion: {
              startLine: from.line,
              startColumn: from.column,
              endLine: to.line,
              endColumn: to.column,
            },
            insertedContent: { text: fix.new_text },
          },
        ],
      },
    ],
  };
};

/** Line and column, both from 1, of an offset in UTF-16 units. */
const position = (text: string, offset: number): { line: number; column: number } => {
  const before = text.slice(0, offset).split(/\r\n|\r|\n/);
  return { line: before.length, column: (before.at(-1) ?? "").length + 1 };
};

const languages: Record<string, string> = {
  ".ts": "typescript",
  ".tsx": "typescript",
  ".js": "javascript",
  ".mjs": "javascript",
  ".cjs": "javascript",
  ".jsx": "javascript",
  ".py": "python",
};

const languageOf = (path: string): string | null => languages[extname(path)] ?? null;
