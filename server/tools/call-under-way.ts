import type { ElicitRequest, ElicitResult } from "@modelcontextprotocol/client";
import { defaultsOf, questionOf } from "./elicitation.ts";
import type { AskUser } from "./tools-api.ts";

/** Most questions of one call: a server that goes on asking wears people down until they say yes. */
const MOST_QUESTIONS = 5;

/** One call of a tool: how long its server may be silent, and whom it may ask. */
export class CallUnderWay {
  readonly #server: string;
  readonly #ask: AskUser | null;
  readonly #signal: AbortSignal;
  readonly #silence = new AbortController();
  readonly #milliseconds: number;
  #timer: NodeJS.Timeout | undefined;
  #asked = 0;
  /** Questions that the user has not answered yet: meanwhile the server waits for us. */
  #waiting = 0;

  /** @param milliseconds how long the server may be silent. */
  constructor(server: string, ask: AskUser | null, signal: AbortSignal, milliseconds: number) {
    this.#server = server;
    this.#ask = ask;
    this.#milliseconds = milliseconds;
    this.#signal = AbortSignal.any([signal, this.#silence.signal]);
    this.heard();
  }

  /** Aborts when the call is cancelled, and when the server was silent for too long. */
  get signal(): AbortSignal {
    return this.#signal;
  }

  get mayAsk(): boolean {
    return this.#ask !== null;
  }

  /** The server has said something. */
  heard(): void {
    clearTimeout(this.#timer);
    // A question may be withdrawn after its call: no timer may outlive that.
    if (this.#waiting > 0 || this.#silence.signal.aborted) return;
    this.#timer = setTimeout(() => {
      this.#silence.abort(`it said nothing for ${this.#milliseconds / 1000} seconds`);
    }, this.#milliseconds);
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#silence.abort("the call is over");
  }

  /**
   * Asks the user. What cannot be asked, or of nobody, is declined. `possibleCalls`: how many calls the question may
   * belong to, this one included.
   */
  async elicit(
    params: ElicitRequest["params"],
    withdrawn: AbortSignal,
    possibleCalls = 1,
  ): Promise<ElicitResult> {
    const question = questionOf(params, possibleCalls);
    this.#asked += 1;
    if (this.#ask === null || question === null || this.#asked > MOST_QUESTIONS) return { action: "decline" };
    this.#waiting += 1;
    clearTimeout(this.#timer);
    try {
      const answer = await this.#ask(this.#server, question, AbortSignal.any([this.#signal, withdrawn]));
      if (answer.action !== "accept") return { action: answer.action };
      if (question.url !== null) return { action: "accept" };
      return { action: "accept", content: { ...defaultsOf(question), ...answer.values } };
    } finally {
      this.#waiting -= 1;
      this.heard();
    }
  }
}
