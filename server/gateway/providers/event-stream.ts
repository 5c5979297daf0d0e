import { parseJson } from "../../../schemas/json-depth.ts";
import { brokenAnswer, type Addressee } from "../faults.ts";

/** What the clients of a provider expect of the events of an answer. */
export interface EventForm {
  /** The events of an answer that came as one JSON document, each by its data. */
  eventsOf: (whole: unknown) => unknown[];
  /** The name that an event must have, from its data; left out: events need none. */
  nameOf?: (data: string) => string | null;
}

/** The end of a stream of services that speak as OpenAI. */
const DONE = "[DONE]";

const dataOf = (line: string): string | null =>
  line.startsWith("data:") ? line.slice("data:".length).trim() : null;

/** The value of a JSON text; null: it is none, or it is cut. */
const parsed = (text: string): unknown => {
  try {
    return parseJson(text);
  } catch {
    return null;
  }
};

/** The events of an answer that has one JSON document a line; null: a line of it is none. */
const parsedLines = (text: string): unknown[] | null => {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const events = lines.map(parsed);
  return events.length < 2 || events.includes(null) ? null : events;
};

/** Whether the last event, which lacks the blank line at its end, is there as a whole. */
const isWholeEvent = (text: string): boolean => {
  const data = dataOf(text);
  return data === DONE || (data !== null && parsed(data) !== null);
};

/**
 * Answers as the official clients take them, where a compatible service gives them otherwise: as one JSON
 * document although a stream was asked for, under another content type, or as events without their names.
 */
export class EventStream {
  readonly #to: Addressee;
  readonly #form: EventForm;
  #isDone = false;

  constructor(to: Addressee, form: EventForm) {
    this.#to = to;
    this.#form = form;
  }

  /** Whether the service said that the answer was at its end. */
  get isDone(): boolean {
    return this.#isDone;
  }

  /** The same `fetch`, whose answers are streams of events. */
  over(send: typeof fetch): typeof fetch {
    return async (...asked) => {
      const response = await send(...asked);
      if (response.body === null) return response;
      const headers = new Headers(response.headers);
      headers.set("content-type", "text/event-stream");
      const events = ReadableStream.from(this.#events(response.body)).pipeThrough(new TextEncoderStream());
      return new Response(events, { status: response.status, headers });
    };
  }

  async *#events(body: NonNullable<Response["body"]>): AsyncGenerator<string> {
    let waiting = "";
    let isWhole: boolean | null = null;
    const lines = new NamedLines(this.#form.nameOf);
    // A byte order mark is left out by the decoder.
    for await (const text of body.pipeThrough(new TextDecoderStream())) {
      waiting += text;
      const first = waiting.trimStart()[0];
      if (first === undefined) continue;
      isWhole ??= first === "{" || first === "[";
      if (isWhole) continue;
      const end = waiting.lastIndexOf("\n") + 1;
      if (end === 0) continue;
      yield this.#passed(lines, waiting.slice(0, end));
      waiting = waiting.slice(end);
    }
    if (isWhole === true) yield this.#split(waiting);
    else if (waiting !== "") yield this.#passed(lines, isWholeEvent(waiting) ? `${waiting}\n\n` : waiting);
  }

  #passed(lines: NamedLines, text: string): string {
    if (text.includes(DONE)) this.#isDone ||= text.split("\n").some((line) => dataOf(line) === DONE);
    return lines.named(text);
  }

  #split(text: string): string {
    const whole = parsed(text) ?? parsedLines(text);
    if (whole === null) throw brokenAnswer(this.#to, "it is neither a stream nor JSON");
    this.#isDone = true;
    const { eventsOf, nameOf } = this.#form;
    return eventsOf(whole)
      .map((event) => JSON.stringify(event))
      .map((data) => {
        const name = nameOf?.(data) ?? null;
        return `${name === null ? "" : `event: ${name}\n`}data: ${data}\n\n`;
      })
      .join("");
  }
}

/** Gives events their names where they lack them, line by line. */
class NamedLines {
  readonly #nameOf: EventForm["nameOf"];
  #isNamed = false;

  constructor(nameOf: EventForm["nameOf"]) {
    this.#nameOf = nameOf;
  }

  /** `text` ends with a line, or is the last of the answer. */
  named(text: string): string {
    if (this.#nameOf === undefined) return text;
    return text
      .split("\n")
      .map((line) => this.#line(line))
      .join("\n");
  }

  #line(line: string): string {
    const data = dataOf(line);
    if (line.trim() === "") this.#isNamed = false;
    else if (line.startsWith("event:")) this.#isNamed = true;
    else if (data !== null && !this.#isNamed) {
      const name = this.#nameOf?.(data) ?? null;
      if (name !== null) return `event: ${name}\n${line}`;
    }
    return line;
  }
}
