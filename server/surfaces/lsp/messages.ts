import {
  type Connection,
  MessageType,
  type PublishDiagnosticsParams,
  ShowMessageNotification,
} from "vscode-languageserver/node";
import { notificationText } from "../../../schemas/plain-text.ts";

/** Shows a message to the user. Unlike the connection's own window, this does not wait for an answer. */
const say = (connection: Connection, type: MessageType, message: string): void => {
  connection
    .sendNotification(ShowMessageNotification.type, { type, message: notificationText(message) })
    .catch(() => undefined);
};

export const inform = (connection: Connection, message: string): void => {
  say(connection, MessageType.Info, message);
};

export const warn = (connection: Connection, message: string): void => {
  say(connection, MessageType.Warning, message);
};

/** Shows the diagnostics of a file. Does nothing if the editor has ended. */
export const showDiagnostics = (connection: Connection, params: PublishDiagnosticsParams): void => {
  connection.sendDiagnostics(params).catch(() => undefined);
};
