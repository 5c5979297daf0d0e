import * as vscode from "vscode";
import { wholeSecondsText } from "../../schemas/duration.ts";
import type { Estimate, Forecast } from "../../schemas/forecast.ts";
import { formatCost } from "../tree/item.ts";

const span = ({ expected, low, high }: Estimate, format: (value: number) => string): string =>
  high === 0 ? format(0) : vscode.l10n.t("{0} ({1} to {2})", format(expected), format(low), format(high));

const duration = (seconds: number): string => wholeSecondsText(seconds * 1000);

/** Two digits, because a forecast is not more precise. */
const count = (tokens: number): string => Number(tokens.toPrecision(2)).toLocaleString();

/** The forecast of a run, for people who are about to start it. */
export const forecastText = ({ runs, tokens, cost, seconds }: Forecast): string =>
  vscode.l10n.t(
    "Expected: {0}, {1} tokens, {2}; {3}",
    cost === null ? vscode.l10n.t("cost unknown") : span(cost, formatCost),
    span(tokens, count),
    span(seconds, duration),
    runs === 0
      ? vscode.l10n.t("no similar runs yet")
      : runs === 1
        ? vscode.l10n.t("from 1 run")
        : vscode.l10n.t("from {0} runs", String(runs)),
  );
