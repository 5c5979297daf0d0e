import * as vscode from "vscode";
import type { Context } from "../context.ts";
import type { CommandId } from "../contributions.ts";
import {
  acceptAll,
  acceptFile,
  acceptHunk,
  chooseHunks,
  discardAll,
  discardFile,
  discardHunk,
  openChange,
  reviewChanges,
} from "./changes.ts";
import {
  cancelExecution,
  cancelRun,
  decideApproval,
  filterRuns,
  resumeRun,
  rateRun,
  retryStage,
  setInstanceState,
  showPrompt,
  showTranscript,
  startInstance,
} from "./control.ts";
import { compareAttempts } from "./attempts.ts";
import { acknowledgeAlert, showAlerts } from "./alerts.ts";
import { showDashboard } from "./dashboard.ts";
import { newAgent, newTeam } from "./files.ts";
import { openSettings, openStateFolder, openWalkthrough, showMenu } from "./general.ts";
import { removeKey, setKey } from "./keys.ts";
import { rejectLesson, showRun } from "./lessons.ts";
import { chooseModel } from "./models.ts";
import { logInToMcpServer, logOutOfMcpServer } from "./mcp-logins.ts";
import { revokeConsent } from "./consents.ts";
import {
  confirmFinding,
  dismissFinding,
  explainFinding,
  fixDiagnostic,
  fixFailedTest,
  fixFinding,
  fixProblem,
  fixTest,
  openFinding,
} from "./problems.ts";
import { openSample, runRehearsal } from "./rehearsal.ts";
import { exportShared, importShared, restoreDefault } from "./share.ts";
import {
  reviewFile,
  runArchitecture,
  runBugFix,
  runTdd,
  runTddOnSymbol,
  runTddOnTodo,
  runTeam,
} from "./start.ts";
import { tell } from "./targets.ts";
import { signInToServer, signOutOfServer } from "./team-server.ts";

/** Called with the argument of the menu, code lens or caller, if any. */
type Handler = (context: Context, argument: unknown) => unknown;

/**
 * What a command does while the runtime is running, and what it does otherwise. Every command does something.
 */
export interface CommandRow {
  up: Handler;
  down: Handler;
}

/** Needs the runtime. Starts it, and shows the failure to the user if that is not possible. */
const starts = (handler: Handler): CommandRow => ({
  up: handler,
  down: async (context, argument) => {
    if (!hasFolder()) return undefined;
    await context.runtime.start();
    return handler(context, argument);
  },
});

const hasFolder = (): boolean => {
  const has = (vscode.workspace.workspaceFolders ?? []).length > 0;
  if (!has) tell(vscode.l10n.t("Open a folder first: agents work on its files."));
  return has;
};

/** Does not need the runtime. */
const always = (handler: Handler): CommandRow => ({ up: handler, down: handler });

/** Acts on active work. There is none while the runtime is not running. */
const whileUp = (handler: Handler): CommandRow => ({
  up: handler,
  down: () => {
    tell(vscode.l10n.t("The runtime is not running, so no agents are active."));
  },
});

export const commandTable: Record<CommandId, CommandRow> = {
  "coditect.runTdd": starts(runTdd),
  "coditect.runTddOnSymbol": starts(runTddOnSymbol),
  "coditect.runBugFix": starts(runBugFix),
  "coditect.fixDiagnostic": starts(fixDiagnostic),
  "coditect.fixFailedTest": starts(fixFailedTest),
  "coditect.fixTest": starts(fixTest),
  "coditect.runArchitecture": starts(runArchitecture),
  "coditect.reviewFile": starts(reviewFile),
  "coditect.runTeam": starts(runTeam),
  "coditect.runRehearsal": starts(runRehearsal),
  "coditect.openSample": always(openSample),
  "coditect.cancelRun": whileUp(cancelRun),
  "coditect.cancelExecution": whileUp(cancelExecution),
  "coditect.resumeRun": starts(resumeRun),
  "coditect.retryStage": starts(retryStage),
  "coditect.rateRun": starts(rateRun),
  "coditect.approveStage": starts((context, argument) => decideApproval(context, argument, true)),
  "coditect.rejectStage": starts((context, argument) => decideApproval(context, argument, false)),
  "coditect.showTranscript": starts(showTranscript),
  "coditect.showPrompt": starts(showPrompt),
  "coditect.reviewChanges": starts(reviewChanges),
  "coditect.compareAttempts": starts(compareAttempts),
  "coditect.openChange": starts(openChange),
  "coditect.acceptAll": starts(acceptAll),
  "coditect.acceptFile": starts(acceptFile),
  "coditect.acceptHunk": starts(acceptHunk),
  "coditect.chooseHunks": starts(chooseHunks),
  "coditect.discardAll": starts(discardAll),
  "coditect.discardFile": starts(discardFile),
  "coditect.discardHunk": starts(discardHunk),
  "coditect.openFinding": starts(openFinding),
  "coditect.dismissFinding": starts(dismissFinding),
  "coditect.confirmFinding": starts(confirmFinding),
  "coditect.fixFinding": starts(fixFinding),
  "coditect.explainFinding": starts(explainFinding),
  "coditect.rejectLesson": starts(rejectLesson),
  "coditect.showRun": starts(showRun),
  "coditect.fixProblem": starts(fixProblem),
  "coditect.runTddOnTodo": starts(runTddOnTodo),
  "coditect.setKey": starts((context, argument) => setKey(context, false, argument)),
  "coditect.rotateKey": starts((context, argument) => setKey(context, true, argument)),
  "coditect.removeKey": starts(removeKey),
  "coditect.chooseModel": starts(chooseModel),
  "coditect.newAgent": always(newAgent),
  "coditect.newTeam": starts(newTeam),
  "coditect.importShared": starts(importShared),
  "coditect.exportShared": starts(exportShared),
  "coditect.restoreDefault": starts(restoreDefault),
  "coditect.revokeConsent": starts(revokeConsent),
  "coditect.openStateFolder": starts(openStateFolder),
  "coditect.showLog": always(({ log }) => {
    log.show();
  }),
  "coditect.restartRuntime": always(({ runtime }) => runtime.restart()),
  "coditect.logInToMcpServer": starts(logInToMcpServer),
  "coditect.logOutOfMcpServer": starts(logOutOfMcpServer),
  "coditect.signIn": always(signInToServer),
  "coditect.signOut": always(signOutOfServer),
  "coditect.showMenu": always(showMenu),
  "coditect.filterRuns": always(filterRuns),
  "coditect.clearFilter": always(({ sidebar }) => {
    sidebar.setFilter("");
  }),
  "coditect.loadMoreRuns": starts(({ sidebar }) => sidebar.loadMore()),
  "coditect.startInstance": starts(startInstance),
  "coditect.pauseInstance": whileUp((context, argument) => setInstanceState(context, argument, "Paused")),
  "coditect.resumeInstance": whileUp((context, argument) => setInstanceState(context, argument, "Idle")),
  "coditect.terminateInstance": whileUp((context, argument) =>
    setInstanceState(context, argument, "Terminated"),
  ),
  "coditect.openSettings": always(openSettings),
  "coditect.openWalkthrough": always(openWalkthrough),
  "coditect.showDashboard": starts(showDashboard),
  "coditect.showAlerts": always(showAlerts),
  "coditect.acknowledgeAlert": starts(acknowledgeAlert),
};
