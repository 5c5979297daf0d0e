import type Dockerode from "dockerode";
import { connect } from "node:net";
import { Duplex, pipeline } from "node:stream";
import { WORKER_LIBRARIES, WORKER_NODE } from "./container.ts";
import { Demultiplexer } from "./demultiplexer.ts";

/** Where the relay listens in a container whose engine cannot be handed a socket of this machine. */
export const RELAYED_SOCKET = "/tmp/coditect-egress.sock";

/** One that breaks is noticed at both of its ends. */
const ignore = (): void => undefined;

/** As many connections at once as the proxy itself takes. */
const MOST_CONNECTIONS = 256;

/**
 * Runs in the container: each connection to its socket becomes a stream of one HTTP/2 session over
 * the standard streams, which keeps them apart and lets each be as slow as it is.
 */
const RELAY = `const {connect}=require("http2"),{Duplex,pipeline}=require("stream"),ignore=()=>{};let session;
require("net").createServer({allowHalfOpen:true},inside=>{
  const way=session.request({":method":"CONNECT",":authority":"proxy"});
  pipeline(inside,way,ignore);pipeline(way,inside,ignore);
}).listen(process.argv[1],()=>{
  session=connect("http://runtime",{createConnection:()=>Duplex.from({readable:process.stdin,writable:process.stdout})});
  session.on("error",()=>process.exit()).on("close",()=>process.exit());
})`;

/**
 * Carries what commands send to {@link RELAYED_SOCKET} to the socket of the runtime's proxy, over the
 * connection to the engine. Resolves when the relay listens; ends with its container. Errors: the engine's.
 */
export const relayEgress = async (container: Dockerode.Container, proxy: string): Promise<void> => {
  const exec = await container.exec({
    Cmd: [WORKER_NODE, "-e", RELAY, RELAYED_SOCKET],
    Env: [`LD_LIBRARY_PATH=${WORKER_LIBRARIES}`],
    AttachStdin: true,
    AttachStdout: true,
  });
  const stream = await exec.start({ hijack: true, stdin: true });
  const apart = new Demultiplexer();
  stream.on("error", () => apart.destroy()).once("close", () => apart.destroy());
  stream.pipe(apart);
  // Loaded only where it is needed: a start waits for what is loaded with it.
  const { performServerHandshake } = await import("node:http2");
  const session = performServerHandshake(Duplex.from({ readable: apart, writable: stream }), {
    settings: { maxConcurrentStreams: MOST_CONNECTIONS },
  });
  session.on("stream", (way) => {
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
