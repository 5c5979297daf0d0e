import type { Readable, Writable } from "node:stream";

/** The standard streams of a program that runs on another machine. */
export interface RemoteStream {
  readonly input: Writable;
  readonly output: Readable;
  /** The end of standard error so far. */
  lastWords(): string;
  /** Resolves when the connection is gone, for whatever reason. */
  readonly closed: Promise<void>;
  close(): void;
}
