import type { Finding } from "./findings.ts";
import type { Localizer } from "./localizer.ts";
import type { Json } from "./primitives.ts";

/** The run that a command of an editor starts; the editor's own commands and the language server's ask for the same. */
export interface CommandRun {
  team: string;
  task: string;
  data: Json;
}

/** *Fix with Coder* on a finding. */
export const runForFinding = (finding: Finding): CommandRun => {
  const { finding_id, path, start_line, end_line, severity, category, fix } = finding;
  return {
    team: "bug-fix",
    task: `${finding.title}\n\n${finding.explanation}`,
    data: { finding: { finding_id, path, start_line, end_line, severity, category, fix } },
  };
};

/** *Fix* over a test. */
export const runForTest = (test: string, l10n: Localizer): CommandRun => ({
  team: "bug-fix",
  task: l10n.t("The test “{0}” fails.", test),
  data: { test },
});

/** *Run TDD team* over a function or class. */
export const runForSymbol = (symbol: string, l10n: Localizer): CommandRun => ({
  team: "tdd",
  task: l10n.t("Work on `{0}` of this file.", symbol),
  data: null,
});
