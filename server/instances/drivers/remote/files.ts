import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { deflateRaw } from "node:zlib";
import { fail } from "../../../../schemas/errors.ts";
import { SerialQueue } from "../../../../schemas/serial-queue.ts";
import { untilAborted } from "../../../../schemas/abortable.ts";
import { pacer } from "../../../workspace/pace.ts";
import { changesOf } from "../docker/mirror/changes.ts";
import type { Mirrored } from "../docker/mirror/changes.ts";
import type { TreeEntry, TreePart } from "../../../workspace/tree.ts";
import type { RemoteStream } from "./stream.ts";

/**
 * A script that runs where the files are needed. Its input consists of blocks: a length and that many
 * deflated bytes. Inflated, they form records: a line of JSON, followed by the bytes of a file. It writes the
 * files, confirms each end of an update, and ends with its input.
 */
export const RECEIVER = `const f=require("fs"),z=require("zlib"),{dirname}=require("path");
let raw=Buffer.alloc(0),text=Buffer.alloc(0),head=null;
const put=(h,b)=>{
  if(h.end){console.log(h.end);return}
  if(h.remove){f.rmSync(h.remove,{recursive:true,force:true});return}
  if(h.type==="directory"){f.mkdirSync(h.path,{recursive:true});return}
  f.mkdirSync(dirname(h.path),{recursive:true});
  if(h.type==="symlink"){f.rmSync(h.path,{force:true});f.symlinkSync(h.target,h.path);return}
  f.rmSync(h.path,{force:true});f.writeFileSync(h.path,b,{mode:h.mode});f.chmodSync(h.path,h.mode);
};
const read=()=>{for(;;){
  if(head===null){const at=text.indexOf(10);if(at<0)return;head=JSON.parse(text.subarray(0,at));text=text.subarray(at+1)}
  const size=head.size||0;if(text.length<size)return;
  put(head,text.subarray(0,size));text=text.subarray(size);head=null;
}};
process.stdin.on("data",d=>{raw=Buffer.concat([raw,d]);
  while(raw.length>=4&&raw.length>=4+raw.readUInt32BE(0)){const n=raw.readUInt32BE(0);
    text=Buffer.concat([text,z.inflateRawSync(raw.subarray(4,4+n))]);raw=raw.subarray(4+n);read()}
}).on("end",()=>process.exit(0));`;

const BLOCK = 512 * 1024;
const deflate = promisify(deflateRaw);

/** Sends records to a receiver in blocks. */
class Sender {
  #parts: Buffer[] = [];
  #bytes = 0;
  readonly #stream: RemoteStream;

  constructor(stream: RemoteStream) {
    this.#stream = stream;
  }

  async add(header: object, body: Buffer = Buffer.alloc(0)): Promise<void> {
    this.#parts.push(Buffer.from(`${JSON.stringify({ ...header, size: body.length })}\n`), body);
    this.#bytes += body.length + 100;
    if (this.#bytes >= BLOCK) await this.flush();
  }

  async flush(): Promise<void> {
    const parts = this.#parts;
    this.#parts = [];
    this.#bytes = 0;
    const block = await deflate(Buffer.concat(parts), { level: 1 });
    const length = Buffer.alloc(4);
    length.writeUInt32BE(block.length);
    const { input, closed } = this.#stream;
    if (!input.write(Buffer.concat([length, block]))) await Promise.race([once(input, "drain"), closed]);
  }
}

/** Files of this machine that were sent to another one. */
export interface SentFiles {
  /** Sends what changed since the last time and removes what is gone. Errors: `worker_died`, `cancelled`. */
  sync(parts: () => Iterable<TreePart>, signal: AbortSignal): Promise<void>;
}

const recordOf = ({ path, type, executable, target }: TreeEntry): object => ({
  ...{ path, type, target },
  mode: executable ? 0o755 : 0o644,
});

/**
 * @param stream the connection to the receiver.
 * @param what the name of the other machine in errors, such as `pod`.
 */
export const createSentFiles = (stream: RemoteStream, what: string): SentFiles => {
  const acknowledged = new Map<string, () => void>();
  createInterface({ input: stream.output }).on("line", (id) => acknowledged.get(id)?.());
  let latest: Mirrored = new Map();

  const syncNow = async (parts: () => Iterable<TreePart>, signal: AbortSignal): Promise<void> => {
    const pace = pacer("Sending the workspace", signal);
    const { sent, removed, now } = await changesOf(latest, parts(), pace);
    const sender = new Sender(stream);
    const all = new Set(removed);
    for (const path of removed.filter((one) => !all.has(dirname(one)))) await sender.add({ remove: path });
    for (const entry of sent) {
      await pace();
      const body = entry.type === "file" ? await readFile(entry.path).catch(() => null) : undefined;
      // Files that have vanished in the meantime are left out.
      if (body !== null) await sender.add(recordOf(entry), body);
    }
    const end = randomUUID();
    const arrived = new Promise<boolean>((resolve) => {
      acknowledged.set(end, () => {
        resolve(true);
      });
    });
    await sender.add({ end });
    await sender.flush();
    const gone = stream.closed.then(() => false);
    const isThere = await untilAborted(Promise.race([arrived, gone]), signal, () =>
      fail("cancelled", { what: "Sending the workspace" }),
    );
    acknowledged.delete(end);
    if (!isThere) throw fail("worker_died", { what, how: "the connection to it broke" });
    latest = now;
  };

  // Two updates that start from the same state would undo each other's removals.
  const queue = new SerialQueue();
  return { sync: (parts, signal) => queue.run(() => syncNow(parts, signal)) };
};
