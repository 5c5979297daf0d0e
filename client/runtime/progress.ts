import type { HandleWorkDoneProgressSignature, ProgressToken } from "vscode-languageclient";
import { sayProgress } from "../say.ts";
import { setting } from "../settings.ts";

type Progress = Parameters<HandleWorkDoneProgressSignature>[1];

export interface ShownProgress {
  show: (token: ProgressToken, value: Progress) => void;
  /** Ends progress of a runtime that has ended, because nothing else ends it. */
  endAll: () => void;
}

/**
 * Shows the runtime's work-done progress as a notification, if the user chose that. In the status bar, the
 * item of the extension shows the same, and its menu has a Cancel action.
 */
export const showProgress = (cancel: (token: ProgressToken) => void): ShownProgress => {
  const shown = new Map<ProgressToken, { report: (value: Progress) => void; end: () => void }>();

  const begin = (token: ProgressToken, title: string, first: Progress) => {
    if (setting("progress.location") !== "notification") return;
    const ended = Promise.withResolvers<undefined>();
    void sayProgress(title, (say, cancelled) => {
      cancelled.onCancellationRequested(() => {
        cancel(token);
      });
      const report = (value: Progress) => {
        if (value.kind !== "end" && value.message !== undefined) say(value.message);
      };
      shown.set(token, {
        report,
        end: () => {
          ended.resolve(undefined);
        },
      });
      report(first);
      return ended.promise;
    });
  };

  const end = (token: ProgressToken): void => {
    shown.get(token)?.end();
    shown.delete(token);
  };

  return {
    show: (token, value) => {
      if (value.kind === "begin") begin(token, value.title, value);
      else if (value.kind === "report") shown.get(token)?.report(value);
      else end(token);
    },
    endAll: () => {
      for (const token of shown.keys()) end(token);
    },
  };
};
