import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { Method, MethodInput, MethodResult } from "../../schemas/contract.ts";
import { CoditectError, fail } from "../../schemas/errors.ts";
import type { ObjectPiece } from "../../schemas/sent-files.ts";
import { SharedWork } from "../../schemas/shared-work.ts";
import { SerialQueue } from "../../schemas/serial-queue.ts";
import { WorkspaceLister } from "./list-workspace.ts";
import { treeText } from "./tree-text.ts";

/** Asks the server that has the copy. */
export type AskServer = <M extends Method>(
  method: M,
  params: MethodInput<M>,
  signal: AbortSignal,
) => Promise<MethodResult<M>>;

/** Bytes that one message carries, before they are written as text. */
const MESSAGE_BYTES = 4 * 1024 ** 2;
const LEAST_MESSAGE_BYTES = 32 * 1024;
/** How often it begins again when files change while they are sent. */
const ATTEMPTS = 3;

/** An object to be sent, read piece by piece. */
interface Source {
  size: number;
  read: (at: number, most: number) => Promise<Buffer>;
}

const changedMeanwhile = () =>
  fail("invalid_params", { what: "A file", problems: "it changed while it was sent" });

const fileSource = async (file: FileHandle): Promise<Source> => ({
  size: (await file.stat()).size,
  read: async (at, most) => {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(most), 0, most, at);
    return buffer.subarray(0, bytesRead);
  },
});

const textSource = (text: string): Source => {
  const bytes = Buffer.from(text);
  return { size: bytes.length, read: (at, most) => Promise.resolve(bytes.subarray(at, at + most)) };
};

/** What a piece takes in a message besides its bytes. */
const PIECE_BYTES = 200;

/** Pieces of objects that travel together. */
class Message {
  readonly most: number;
  readonly #post: (pieces: ObjectPiece[]) => Promise<unknown>;
  #pieces: ObjectPiece[] = [];
  #bytes = 0;

  constructor(most: number, post: (pieces: ObjectPiece[]) => Promise<unknown>) {
    this.most = most;
    this.#post = post;
  }

  async add(piece: ObjectPiece): Promise<void> {
    const bytes = piece.data.length + PIECE_BYTES;
    if (this.#bytes + bytes > this.most) await this.flush();
    this.#pieces.push(piece);
    this.#bytes += bytes;
  }

  async flush(): Promise<void> {
    const pieces = this.#pieces;
    this.#pieces = [];
    this.#bytes = 0;
    if (pieces.length > 0) await this.#post(pieces);
  }
}

const sendObject = async (sha256: string, { size, read }: Source, message: Message): Promise<void> => {
  let at = 0;
  do {
    const bytes = await read(at, Math.min(message.most, size - at));
    if (bytes.length === 0 && size > 0) throw changedMeanwhile();
    await message.add({ sha256, size, at, data: bytes.toString("base64") });
    at += bytes.length;
  } while (at < size);
};

/** Brings the copy of a workspace on a server up to date. */
export class WorkspaceSender {
  readonly #workspace: string;
  readonly #ask: AskServer;
  readonly #lister: WorkspaceLister;
  /** Two at once would send the same files twice. */
  readonly #queue = new SerialQueue();
  /** The next transfer. It has not started and serves all callers until it does. */
  #next: SharedWork<void> | null = null;
  #messageBytes = MESSAGE_BYTES;

  /** @param workspace absolute path. */
  constructor(workspace: string, ask: AskServer) {
    this.#workspace = workspace;
    this.#ask = ask;
    this.#lister = new WorkspaceLister(workspace);
  }

  /**
   * Resolves when the copy is as the workspace was at a moment after the call. Errors: those of the methods
   * `files/…`, `cancelled`, `workspace_not_sent` while files keep changing.
   */
  send(signal: AbortSignal): Promise<void> {
    if (this.#next === null || this.#next.isAbandoned) this.#next = this.#later();
    return this.#next.join(signal, () => fail("cancelled", { what: "Sending the workspace" }));
  }

  #later(): SharedWork<void> {
    const work = new SharedWork<void>((shared) =>
      this.#queue.run(() => {
        if (this.#next === work) this.#next = null;
        return this.#sendAll(shared);
      }),
    );
    return work;
  }

  async #sendAll(signal: AbortSignal): Promise<void> {
    for (let attempts = 0; attempts < ATTEMPTS;) {
      try {
        await this.#send(signal);
        return;
      } catch (error) {
        if (!(error instanceof CoditectError)) throw error;
        if (error.code === "body_too_large" && this.#messageBytes > LEAST_MESSAGE_BYTES)
          this.#messageBytes /= 2;
        else if (error.code === "too_many_requests")
          await wait(Number(error.data.seconds) * 1000, null, { signal });
        else if (error.code === "invalid_params") {
          this.#lister.forget();
          attempts += 1;
        } else throw error;
      }
    }
    throw fail("workspace_not_sent", {});
  }

  /** One attempt. What was sent stays there, so that the next one sends the rest. */
  async #send(signal: AbortSignal): Promise<void> {
    const { entries, places } = await this.#lister.list(signal);
    const tree = treeText(entries);
    if ((await this.#ask("files/get", {}, signal)).tree === tree.sha256) return;
    for (;;) {
      const { missing } = await this.#ask("files/use", { tree: tree.sha256 }, signal);
      if (missing.length === 0) return;
      const message = new Message(this.#messageBytes, (pieces) =>
        this.#ask("files/send", { pieces }, signal),
      );
      for (const sha256 of missing)
        if (sha256 === tree.sha256) await sendObject(sha256, textSource(tree.text), message);
        else await this.#sendFile(sha256, places.get(sha256), message);
      await message.flush();
    }
  }

  async #sendFile(sha256: string, place: string | undefined, message: Message): Promise<void> {
    const file = place === undefined ? null : await open(join(this.#workspace, place)).catch(() => null);
    if (file === null) throw changedMeanwhile();
    try {
      await sendObject(sha256, await fileSource(file), message);
    } finally {
      await file.close();
    }
  }
}
