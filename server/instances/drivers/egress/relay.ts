import { connect } from "node:net";
import { Duplex, pipeline } from "node:stream";
import type { Readable, Writable } from "node:stream";

/** Where the relay listens in a container that cannot mount a socket of this machine. */
export const RELAYED_SOCKET = "/tmp/coditect-egress.sock";

/** Both ends of a connection notice when it breaks, so nobody needs the error. */
const ignore = (): void => undefined;

/** The proxy itself takes this many connections at the same time. */
const MOST_CONNECTIONS = 256;

/**
 * A script that runs in the container. Each connection to its socket becomes a stream of one HTTP/2 session
 * over the standard streams, so that each has its own flow control.
 */
export const RELAY = `const {connect}=require("http2"),{Duplex,pipeline}=require("stream"),ignore=()=>{};let session;
require("net").createServer({allowHalfOpen:true},inside=>{
  const way=session.request({":method":"CONNECT",":authority":"proxy"});
  pipeline(inside,way,ignore);pipeline(way,inside,ignore);
}).listen({path:process.argv[1],writableAll:true},()=>{
  session=connect("http://runtime",{createConnection:()=>Duplex.from({readable:process.stdin,writable:process.stdout})});
  session.on("error",()=>process.exit()).on("close",()=>process.exit());
})`;

/**
 * Carries the standard streams of a relay to the socket of the runtime's proxy. Resolves when the relay
 * listens. Rejects if the streams end before.
 */
export const carryEgress = async (
  streams: { readable: Readable; writable: Writable },
  proxy: string,
): Promise<void> => {
  // Loaded only if needed, because a start waits for what it loads.
  const { performServerHandshake } = await import("node:http2");
  const session = performServerHandshake(Duplex.from(streams), {
    settings: { maxConcurrentStreams: MOST_CONNECTIONS },
  });
  session.on("stream", (way) => {
    way.on("error", ignore);
    // If the client reset the stream at once, it has already ended, and nothing can be sent on it.
    if (way.destroyed || way.closed) return;
    const outside = connect({ path: proxy, allowHalfOpen: true });
    way.respond({ ":status": 200 });
    pipeline(way, outside, ignore);
    pipeline(outside, way, ignore);
  });
  await new Promise((listening, reject) => {
    session.once("remoteSettings", listening).on("error", reject);
    session.once("close", () => {
      reject(new Error("the way out of the container did not open"));
    });
  });
};
