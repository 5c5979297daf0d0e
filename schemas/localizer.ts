/**
 * Translates a text; `vscode.l10n` is one. `{0}` is replaced by the first argument. Parameters of this
 * type are named `l10n`, so that `scripts/export-texts.mjs` finds `l10n.t("…")`.
 */
export interface Localizer {
  t(message: string, ...args: (string | number | boolean)[]): string;
}

/** From the translations of English texts; what has none stays as it is. */
export const createLocalizer = (texts: Readonly<Record<string, string>>): Localizer => ({
  t: (message, ...args) =>
    (texts[message] ?? message).replace(/\{(\d+)\}/g, (whole, index: string) =>
      String(args[Number(index)] ?? whole),
    ),
});
