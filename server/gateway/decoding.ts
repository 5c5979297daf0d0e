import type { IncomingMessage } from "node:http";
import { PassThrough, pipeline, type Readable, type Transform } from "node:stream";
import zlib from "node:zlib";

/** Some services send the bare data, others a header before it, whose first byte names method 8. */
const inflateOf = (first: Buffer | null): Transform =>
  first === null || ((first[0] ?? 0) & 0x0f) === 8 ? zlib.createInflate() : zlib.createInflateRaw();

const inflated = (incoming: IncomingMessage): Readable => {
  const plain = new PassThrough();
  incoming.once("readable", () => {
    const first = incoming.read(1) as Buffer | null; // No encoding is set.
    if (first !== null) incoming.unshift(first);
    pipeline(incoming, inflateOf(first), plain, () => undefined);
  });
  incoming.once("error", (error) => plain.destroy(error));
  return plain;
};

const through =
  (make: () => Transform) =>
  (incoming: IncomingMessage): Readable => {
    const decoder = make();
    incoming.on("error", (error) => decoder.destroy(error));
    return incoming.pipe(decoder);
  };

const decoders: Readonly<Record<string, (incoming: IncomingMessage) => Readable>> = {
  gzip: through(zlib.createGunzip),
  "x-gzip": through(zlib.createGunzip),
  deflate: inflated,
  br: through(zlib.createBrotliDecompress),
  // Node has it since 22.15.
  ...("createZstdDecompress" in zlib && { zstd: through(zlib.createZstdDecompress) }),
};

/** The body before a proxy compressed it without being asked. */
export const decoded = (incoming: IncomingMessage): Readable => {
  const decode = decoders[incoming.headers["content-encoding"]?.trim().toLowerCase() ?? ""];
  return decode === undefined ? incoming : decode(incoming);
};
