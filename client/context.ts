import type * as vscode from "vscode";
import type { RunOrigin } from "../schemas/run.ts";
import type { Alerts } from "./alerts.ts";
import type { WithConsent } from "./consent.ts";
import type { Credentials } from "./credentials.ts";
import type { Review } from "./review/review.ts";
import type { RuntimeClient } from "./runtime/api.ts";
import type { Sidebar } from "./sidebar.ts";
import type { TeamServer } from "./team-server.ts";
import type { Transcripts } from "./transcript/transcripts.ts";

/** The context for commands, chat and tools. Created once at activation. */
export interface Context {
  readonly extension: vscode.ExtensionContext;
  readonly log: vscode.LogOutputChannel;
  readonly runtime: RuntimeClient;
  readonly sidebar: Sidebar;
  readonly review: Review;
  readonly alerts: Alerts;
  readonly transcripts: Transcripts;
  readonly credentials: Credentials;
  readonly teamServer: TeamServer;
  readonly withConsent: WithConsent;
  /** The command that does the work. Omitted: no command. */
  readonly command?: RunOrigin;
}
