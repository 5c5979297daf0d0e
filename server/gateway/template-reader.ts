import { endOfJson } from "./json-object.ts";
import { readCall, type WrittenCall } from "./written-call.ts";

/** Reads a text from front to back. */
export class Reader {
  readonly text: string;
  position: number;

  constructor(text: string, position: number) {
    this.text = text;
    this.position = position;
  }

  /** Takes what matches here; null: nothing does. The pattern must be sticky. */
  take(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.position;
    const match = pattern.exec(this.text);
    if (match !== null) this.position = pattern.lastIndex;
    return match;
  }

  /** Takes the JSON that begins here. */
  json(): string | null {
    const end = endOfJson(this.text, this.position);
    if (end === null) return null;
    const json = this.text.slice(this.position, end);
    this.position = end;
    return json;
  }

  /** Takes everything before the mark, and the mark. */
  until(mark: string): string | null {
    const end = this.text.indexOf(mark, this.position);
    if (end < 0) return null;
    const taken = this.text.slice(this.position, end);
    this.position = end + mark.length;
    return taken;
  }

  /** The call of that name, with the JSON object that begins here as its arguments. */
  call(tool: string | undefined): WrittenCall[] | null {
    const json = tool === undefined ? null : this.json();
    const call = json === null ? null : readCall(`{"name":${JSON.stringify(tool)},"arguments":${json}}`);
    return call === null ? null : [call];
  }
}
