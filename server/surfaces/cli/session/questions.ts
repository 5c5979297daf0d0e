import { CoditectError } from "../../../../schemas/errors.ts";
import { createLocalizer } from "../../../../schemas/localizer.ts";
import {
  permissionQuestion,
  type PermissionDecision,
  type PermissionRequest,
} from "../../../../schemas/permissions.ts";
import { plainLine } from "../../../../schemas/plain-text.ts";
import type { ServerQuestion } from "../../../../schemas/questions.ts";
import type { Connection } from "../../../hosting/connection.ts";
import { askForm } from "./question-form.ts";

/** Reads one line at the terminal. Rejects when the signal aborts. */
export type ReadLine = (prompt: string, signal: AbortSignal) => Promise<string>;

const l10n = createLocalizer({});

const promptOf = (request: PermissionRequest): string =>
  [
    "",
    permissionQuestion(request, l10n),
    `  ${request.command}`,
    "[o]nce, [a]lways in this workspace, [N]o: ",
  ]
    .map(plainLine)
    .join("\n");

const decisionOf = (answer: string): PermissionDecision => {
  const word = answer.trim().toLowerCase();
  if (word !== "" && "once".startsWith(word)) return "allow_once";
  return word !== "" && "always".startsWith(word) ? "allow_always" : "deny";
};

/** Checked again after each wait, because the signal can abort meanwhile. */
const isOver = ({ aborted }: AbortSignal): boolean => aborted;

/** Shows the questions of agents and their tool servers to the person at the terminal, one at a time. */
export class TerminalQuestions {
  readonly #connection: Connection;
  readonly #read: ReadLine;
  /** By ID of the question. Aborted when the question is settled elsewhere. */
  readonly #open = new Map<string, AbortController>();
  #last: Promise<void> = Promise.resolve();

  constructor(connection: Connection, read: ReadLine) {
    this.#connection = connection;
    this.#read = read;
  }

  ask(request: PermissionRequest): Promise<void> {
    const { permission_id } = request;
    return this.#inTurn(permission_id, async (settled) => {
      const decision = decisionOf(await this.#read(promptOf(request), settled));
      await this.#connection.call("permissions/answer", { permission_id, decision });
    });
  }

  askForServer(question: ServerQuestion): Promise<void> {
    const { question_id } = question;
    return this.#inTurn(question_id, async (settled) => {
      const answer = await askForm(question, (prompt) => this.#read(prompt, settled));
      await this.#connection.call("questions/answer", { question_id, answer });
    });
  }

  /** Settles a question that was answered elsewhere or that nothing waits for. */
  settled(id: string): void {
    this.#open.get(id)?.abort();
    this.#open.delete(id);
  }

  #inTurn(id: string, work: (settled: AbortSignal) => Promise<void>): Promise<void> {
    const settled = new AbortController();
    this.#open.set(id, settled);
    this.#last = this.#last.then(async () => {
      if (isOver(settled.signal)) return;
      try {
        await work(settled.signal);
      } catch (error) {
        const isTooLate = error instanceof CoditectError && error.code === "not_found";
        if (!isOver(settled.signal) && !isTooLate) throw error;
      }
    });
    return this.#last;
  }
}
