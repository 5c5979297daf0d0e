import { parseJson } from "../../../schemas/json-depth.ts";
import { beginsJson, JsonEnd } from "../json-object.ts";
import { brokenAnswer, type Addressee, type ProviderFault } from "../faults.ts";
import { faultOfEvent } from "./event-faults.ts";

/** One event of an answer. */
export type AnswerEvent = Readonly<Record<string, unknown>>;

/** What the client of a provider expects of the events of an answer. */
export interface EventForm {
  /** `events`: server-sent events; `lines`: one JSON document a line. */
  written: "events" | "lines";
  /**
   * The events of an answer that came as one JSON document; left out: the document itself, or the
   * entries of a list.
   */
  eventsOf?: (whole: unknown) => unknown[];
  /**
   * The event with the fields that compatible services leave out; `name` is that of the server-sent
   * event.
   */
  repaired?: (event: AnswerEvent, name: string | null) => AnswerEvent;
  /** The name that the client expects of an event; left out: none. */
  nameOf?: (event: AnswerEvent) => string | null;
}

/** The end of a stream of OpenAI-shaped services. */
const DONE = "[DONE]";

/** The value of a JSON text; undefined: it is not JSON, or it is cut. */
const parsed = (text: string): unknown => {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
};

const isEvent = (value: unknown): value is AnswerEvent =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isNothing = (value: unknown): boolean =>
  value === undefined || value === null || value === "" || value === false;

/** A piece of an answer: an event with its data and name, or the marker of the end. */
type Read = { data: string; name: string | null } | "done";

/** Finds out whether lines that arrive one by one form one JSON document. Reads each line only once. */
class JsonLines {
  readonly #end = new JsonEnd();
  #read = 0;
  #hasEnded = false;

  isWhole(lines: readonly string[]): boolean {
    const [first] = lines;
    if (first === undefined || this.#hasEnded) return false;
    // A value of another kind has one line.
    if (!beginsJson(first)) return lines.length === 1 && parsed(first) !== undefined;
    for (; this.#read < lines.length && !this.#hasEnded; this.#read++)
      this.#hasEnded = this.#end.read(lines[this.#read] ?? "") !== null;
    return this.#hasEnded && parsed(lines.join("\n")) !== undefined;
  }
}

/**
 * Builds server-sent events from their lines. Some services separate events by a single line end: data
 * that is complete is then an event of its own.
 */
class EventLines {
  #data: string[] = [];
  #name: string | null = null;
  #json = new JsonLines();

  line(line: string): Read[] {
    if (line.trim() === "") return this.end();
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).trim();
    if (field === "event") {
      const before = this.#data.length > 0 ? this.end() : [];
      this.#name = value;
      return before;
    }
    if (field !== "data") return [];
    const before = this.#json.isWhole(this.#data) ? this.end() : [];
    if (value === DONE) return [...before, ...this.end(), "done"];
    if (value !== "") this.#data.push(value);
    return before;
  }

  end(): Read[] {
    const [data, name] = [this.#data.join("\n"), this.#name];
    this.#data = [];
    this.#name = null;
    this.#json = new JsonLines();
    return data === "" ? [] : [{ data, name }];
  }
}

/**
 * Answers in the form that the official clients accept, where a compatible service sends another: one
 * JSON document although a stream was requested, one document per line, another content type, events
 * without names, events without content, or an error as an event.
 */
export class EventStream {
  readonly #to: Addressee;
  readonly #form: EventForm;
  readonly #lines = new EventLines();
  /** Pieces of a line that has not ended. They are joined once, however many there are. */
  readonly #pieces: string[] = [];
  #waiting = "";
  /** Judged by the first line. `whole`: one document over several lines. */
  #shape: "events" | "lines" | "whole" | null = null;
  #isDone = false;
  #fault: ProviderFault | null = null;

  constructor(to: Addressee, form: EventForm) {
    this.#to = to;
    this.#form = form;
  }

  /** Whether the service said that the answer was at its end. */
  get isDone(): boolean {
    return this.#isDone;
  }

  /** What was wrong with the events; clients wrap or swallow errors that are thrown to them. */
  get fault(): Error | null {
    return this.#fault;
  }

  /** The same `fetch`, with answers in the form that the client accepts. */
  over(send: typeof fetch): typeof fetch {
    return async (...asked) => {
      const response = await send(...asked);
      if (response.body === null) return response;
      const headers = new Headers(response.headers);
      headers.set("content-type", "text/event-stream");
      return new Response(this.#rewritten(response.body), { status: response.status, headers });
    };
  }

  /**
   * The answer with its events in the form that the client expects. Each piece becomes at most one piece,
   * because a piece costs several turns of the event loop.
   */
  #rewritten(body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
    const reader = body.getReader();
    // The decoder removes a byte order mark.
    const decoder = new TextDecoder();
    const encoder = new TextEncoder();
    /** A fault that is thrown on the next read, after the reader got the events before it. */
    let fault: Error | null = null;
    const next = async (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> => {
      for (;;) {
        if (fault !== null) throw fault;
        const { done, value } = await reader.read();
        const read = this.#written(decoder.decode(value, { stream: !done }), done);
        if (read.text !== "") controller.enqueue(encoder.encode(read.text));
        fault = read.fault;
        const isOver = done && fault === null;
        if (isOver) controller.close();
        if (isOver || read.text !== "") return;
      }
    };
    const cancel = (reason: unknown): Promise<void> => reader.cancel(reason);
    return new ReadableStream({ pull: next, cancel }, { highWaterMark: 0 });
  }

  /** The complete events in the form that the client expects, up to the first fault. */
  #written(text: string, isLast: boolean): { text: string; fault: Error | null } {
    const { written, nameOf } = this.#form;
    let all = "";
    try {
      for (const event of isLast ? this.#last(text) : this.#events(text)) {
        const data = JSON.stringify(event);
        const name = nameOf?.(event) ?? null;
        const head = name === null ? "" : `event: ${name}\n`;
        all += written === "lines" ? `${data}\n` : `${head}data: ${data}\n\n`;
      }
    } catch (error) {
      return { text: all, fault: error instanceof Error ? error : new Error(String(error)) };
    }
    return { text: all, fault: null };
  }

  *#events(text: string): Generator<AnswerEvent> {
    this.#pieces.push(text);
    const mayEnd = /[\r\n]/.test(text) || this.#waiting.endsWith("\r");
    if (this.#shape === "whole" || !mayEnd) return;
    this.#waiting += this.#pieces.splice(0).join("");
    for (let end = endOfLine(this.#waiting); end !== null; end = endOfLine(this.#waiting)) {
      const line = this.#waiting.slice(0, end.at);
      if (this.#shape === null && line.trim() !== "") this.#shape = formOf(line);
      if (this.#shape === "whole") break;
      this.#waiting = this.#waiting.slice(end.next);
      yield* this.#shape === "lines" ? this.#document(line) : this.#named(this.#lines.line(line));
    }
  }

  *#last(text: string): Generator<AnswerEvent> {
    yield* this.#events(text);
    const waiting = this.#waiting + this.#pieces.join("");
    this.#shape ??= formOf(waiting);
    if (this.#shape === "events") {
      yield* this.#named([...this.#lines.line(waiting), ...this.#lines.end()]);
      return;
    }
    yield* this.#document(waiting);
    this.#isDone = true;
  }

  *#named(read: readonly Read[]): Generator<AnswerEvent> {
    for (const each of read) {
      if (each === "done") {
        this.#isDone = true;
        continue;
      }
      const value = parsed(each.data);
      if (value === undefined) throw this.#broken("an event of it is not JSON");
      yield* this.#sound(Array.isArray(value) ? value : [value], each.name);
    }
  }

  *#document(text: string): Generator<AnswerEvent> {
    if (text.trim() === "") return;
    const value = parsed(text);
    if (value === undefined) throw this.#broken("it is neither a stream nor JSON");
    const { eventsOf } = this.#form;
    yield* this.#sound(eventsOf?.(value) ?? (Array.isArray(value) ? value : [value]), null);
  }

  /** Events with content, repaired. */
  *#sound(values: readonly unknown[], name: string | null): Generator<AnswerEvent> {
    for (const value of values) {
      if (!isEvent(value)) continue;
      const { error, ...event } = value;
      if (!isNothing(error) || name === "error" || event.type === "error") {
        this.#fault = faultOfEvent(value, this.#to);
        throw this.#fault;
      }
      yield this.#form.repaired?.(event, name) ?? event;
    }
  }

  #broken(reason: string): Error {
    this.#fault = brokenAnswer(this.#to, reason);
    return this.#fault;
  }
}

/** The first line end: a line feed, a carriage return, or both; null: none is certain yet. */
const endOfLine = (text: string): { at: number; next: number } | null => {
  const at = text.search(/[\r\n]/);
  // The character after a final carriage return may belong to the line end.
  if (at < 0 || (text[at] === "\r" && at + 1 === text.length)) return null;
  return { at, next: text.startsWith("\r\n", at) ? at + 2 : at + 1 };
};

const formOf = (line: string): "events" | "lines" | "whole" => {
  const first = line.trimStart()[0];
  if (first !== "{" && first !== "[" && first !== undefined && !isScalar(line)) return "events";
  return parsed(line) === undefined ? "whole" : "lines";
};

/** A line such as `null`, by which some services keep a connection open. */
const isScalar = (line: string): boolean => /^\s*(null|true|false|-?\d+)\s*$/.test(line);
