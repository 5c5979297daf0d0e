import type { ChangeMark } from "../../schemas/changes.ts";
import type { Localizer } from "../../schemas/localizer.ts";

/** The reasons why changed files need a separate review, as text. */
export const markTexts = (marks: readonly ChangeMark[], l10n: Localizer): string[] => {
  const texts: Record<ChangeMark, string> = {
    executes: l10n.t("it is executed"),
    steers: l10n.t("it configures agents or tools"),
    invisible: l10n.t("it has invisible characters"),
    fetches: l10n.t("editors load a schema from another computer when they open it"),
  };
  return marks.map((mark) => texts[mark]);
};
