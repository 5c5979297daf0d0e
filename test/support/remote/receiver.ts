import fs from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { compileFunction } from "node:vm";
import { RECEIVER } from "../../../server/instances/drivers/remote/receiver.ts";
import type { RemoteStream } from "../../../server/instances/drivers/remote/stream.ts";

/** Node's own file system, in which all absolute paths begin at another place. */
const filesAt = (place: (path: string) => string) => ({
  constants: fs.constants,
  mkdirSync: (path: string, options: fs.MakeDirectoryOptions) => fs.mkdirSync(place(path), options),
  accessSync: (path: string, mode: number) => {
    fs.accessSync(place(path), mode);
  },
  rmSync: (path: string, options: fs.RmOptions) => {
    fs.rmSync(place(path), options);
  },
  symlinkSync: (target: string, path: string) => {
    fs.symlinkSync(target, place(path));
  },
  writeFileSync: (path: string, bytes: Buffer, options: fs.WriteFileOptions) => {
    fs.writeFileSync(place(path), bytes, options);
  },
  appendFileSync: (path: string, bytes: Buffer) => {
    fs.appendFileSync(place(path), bytes);
  },
  chmodSync: (path: string, mode: number) => {
    fs.chmodSync(place(path), mode);
  },
  renameSync: (from: string, to: string) => {
    fs.renameSync(place(from), place(to));
  },
  openSync: (path: string, flags: number) => fs.openSync(place(path), flags),
  readdirSync: (path: string) => fs.readdirSync(place(path)),
  lstatSync: (path: string) => fs.lstatSync(place(path)),
  readFileSync: (descriptor: number) => fs.readFileSync(descriptor),
  fstatSync: (descriptor: number) => fs.fstatSync(descriptor),
  closeSync: (descriptor: number) => {
    fs.closeSync(descriptor);
  },
  futimesSync: (descriptor: number, access: Date, change: Date) => {
    fs.futimesSync(descriptor, access, change);
  },
});

/**
 * The receiver in this process, as in a container with `root` as its root, and `volumes` mounted at their paths.
 * `sent` counts the bytes that it received.
 */
export const receiverAt = (
  root: string,
  volumes: Readonly<Record<string, string>> = {},
): RemoteStream & { sent: () => number } => {
  const [input, output] = [new PassThrough(), new PassThrough()];
  const ended = Promise.withResolvers<undefined>();
  const require = createRequire(import.meta.url);
  const place = (path: string): string => {
    const mount = Object.keys(volumes).find((one) => path === one || path.startsWith(`${one}/`));
    return mount === undefined ? join(root, path) : join(volumes[mount] ?? "", path.slice(mount.length));
  };
  const files = filesAt(place);
  let sent = 0;
  input.on("data", (chunk: Buffer) => (sent += chunk.length));
  const load = (name: string): unknown => {
    const module: unknown = name === "fs" ? files : require(name);
    return module;
  };
  // The function has these parameters and returns nothing.
  const run = compileFunction(RECEIVER, ["require", "process", "console"]) as (
    ...globals: [require: typeof load, process: object, console: object]
  ) => void;
  run(
    load,
    {
      stdin: input,
      exit: () => {
        output.end();
        ended.resolve(undefined);
      },
    },
    { log: (line: string) => output.write(`${line}\n`) },
  );
  return {
    ...{ input, output, closed: ended.promise },
    lastWords: () => "",
    close: () => input.end(),
    sent: () => sent,
  };
};
