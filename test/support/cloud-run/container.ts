import { execFile, spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import type Dockerode from "dockerode";
import { once } from "node:events";
import { Duplex } from "node:stream";
import { promisify } from "node:util";
import { z } from "zod";
import { openLimits } from "../../../server/instances/drivers/docker/container.ts";
import { findEngine } from "../../../server/instances/drivers/docker/engine.ts";

/** The fields of a service that the double uses. */
export const RunnableService = z.object({
  template: z.object({
    maxInstanceRequestConcurrency: z.int(),
    scaling: z.object({ maxInstanceCount: z.int() }),
    containers: z.tuple([
      z.object({
        image: z.string(),
        command: z.array(z.string()),
        args: z.array(z.string()),
        env: z.array(z.object({ name: z.string(), value: z.string() })),
        ports: z.tuple([z.object({ containerPort: z.int() })]),
        resources: z.object({ limits: z.object({ cpu: z.string(), memory: z.string() }) }),
      }),
    ]),
  }),
});
export type RunnableService = z.infer<typeof RunnableService>;

/** Carries standard streams to a port, once somebody listens there. */
const CARRY = `const c=()=>{const s=require("net").connect(+process.argv[1],"127.0.0.1");let up=false;
s.on("connect",()=>{up=true;process.stdin.pipe(s);s.pipe(process.stdout)}).on("error",()=>up?process.exit():setTimeout(c,20)).on("close",()=>up&&process.exit())};c()`;

/** Listens at the address of a cloud's metadata server, and reports when it does. */
const METADATA = `require("http").createServer((q,a)=>a.end()).listen(80,"169.254.169.254",()=>console.log())`;
const METADATA_ADDRESS = ["ip", "address", "add", "169.254.169.254/32", "dev", "lo"];

const run = promisify(execFile);

/** One container of a service. Its network is closed, but may contain a metadata server. */
export class ServiceContainer {
  readonly id: string;
  readonly ended: Promise<unknown>;
  readonly #container: Dockerode.Container;
  readonly #pid: number;
  readonly #port: number;
  readonly #connections = new Set<ChildProcess>();

  private constructor(container: Dockerode.Container, pid: number, port: number, ended: Promise<unknown>) {
    this.id = container.id;
    this.#container = container;
    this.#pid = pid;
    this.#port = port;
    this.ended = ended;
  }

  static async start({ template }: RunnableService, hasMetadata: boolean): Promise<ServiceContainer> {
    const [{ image, command, args, env, ports, resources }] = template.containers;
    const { client, isPodman } = await findEngine();
    const port = ports[0].containerPort;
    const memory = Number(/^(\d+)Mi$/.exec(resources.limits.memory)?.[1]) * 1024 ** 2;
    const container = await client.createContainer({
      Image: image,
      Entrypoint: command,
      Cmd: args,
      Env: [...env.map(({ name, value }) => `${name}=${value}`), `PORT=${port}`],
      HostConfig: {
        NetworkMode: "none",
        Memory: memory,
        MemorySwap: memory,
        AutoRemove: true,
        Ulimits: openLimits(isPodman),
      },
    });
    const ended = container.wait({ condition: "removed" }).catch(() => undefined);
    await container.start();
    const { State } = await container.inspect();
    if (hasMetadata) await openMetadata(State.Pid, ended);
    return new ServiceContainer(container, State.Pid, port, ended);
  }

  /** Whether it serves a request. A container takes one at a time. */
  get isBusy(): boolean {
    return this.#connections.size > 0;
  }

  /** A connection to the port that it listens on. */
  connect(): Duplex {
    const carrier = spawn(
      "nsenter",
      [...networkOf(this.#pid), process.execPath, "-e", CARRY, String(this.#port)],
      { stdio: ["pipe", "pipe", "ignore"] },
    );
    this.#connections.add(carrier);
    carrier.stdin.on("error", () => undefined);
    const connection = Duplex.from({ readable: carrier.stdout, writable: carrier.stdin });
    connection
      .on("error", () => undefined)
      .once("close", () => {
        this.#connections.delete(carrier);
        carrier.kill();
      });
    carrier.once("exit", () => connection.destroy());
    return connection;
  }

  async kill(): Promise<void> {
    await this.#container.kill().catch(() => undefined);
    await this.ended;
  }
}

/** Options of nsenter for the network of a process. */
const networkOf = (pid: number): string[] => ["--target", String(pid), "--net", "--"];

const openMetadata = async (pid: number, ended: Promise<unknown>): Promise<void> => {
  await run("nsenter", [...networkOf(pid), ...METADATA_ADDRESS]);
  const server = spawn("nsenter", [...networkOf(pid), process.execPath, "-e", METADATA], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  void ended.then(() => server.kill());
  await once(server.stdout, "data");
};
