import { CoditectError } from "../../../../schemas/errors.ts";
import { createLocalizer } from "../../../../schemas/localizer.ts";
import {
  permissionQuestion,
  type PermissionDecision,
  type PermissionRequest,
} from "../../../../schemas/permissions.ts";
import { terminalText } from "../../../../schemas/plain-text.ts";
import type { Connection } from "../../../hosting/connection.ts";

/** Reads one line at the terminal; rejects when the signal aborts. */
export type ReadLine = (prompt: string, signal: AbortSignal) => Promise<string>;

const l10n = createLocalizer({});

const promptOf = (request: PermissionRequest): string =>
  [
    "",
    permissionQuestion(request, l10n),
    `  ${request.command}`,
    "[o]nce, [a]lways in this workspace, [N]o: ",
  ]
    .map((line) => terminalText(line.replace(/[\r\n]+/g, " ")))
    .join("\n");

const decisionOf = (answer: string): PermissionDecision => {
  const word = answer.trim().toLowerCase();
  if (word !== "" && "once".startsWith(word)) return "allow_once";
  return word !== "" && "always".startsWith(word) ? "allow_always" : "deny";
};

/** Asks the person at the terminal what agents wait for, one question at a time. */
export class TerminalQuestions {
  readonly #connection: Connection;
  readonly #read: ReadLine;
  /** By permission; aborted when it is settled without this terminal. */
  readonly #open = new Map<string, AbortController>();
  #last: Promise<void> = Promise.resolve();

  constructor(connection: Connection, read: ReadLine) {
    this.#connection = connection;
    this.#read = read;
  }

  ask(request: PermissionRequest): Promise<void> {
    const settled = new AbortController();
    this.#open.set(request.permission_id, settled);
    this.#last = this.#last.then(() => this.#answer(request, settled.signal));
    return this.#last;
  }

  /** It was answered elsewhere, or its agent waits no more. */
  settled(permissionId: string): void {
    this.#open.get(permissionId)?.abort();
    this.#open.delete(permissionId);
  }

  async #answer(request: PermissionRequest, settled: AbortSignal): Promise<void> {
    const { permission_id } = request;
    try {
      const decision = decisionOf(await this.#read(promptOf(request), settled));
      await this.#connection.call("permissions/answer", { permission_id, decision });
    } catch (error) {
      const isTooLate = error instanceof CoditectError && error.code === "not_found";
      if (!settled.aborted && !isTooLate) throw error;
    }
  }
}
