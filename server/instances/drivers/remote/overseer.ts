import { randomUUID } from "node:crypto";
import { createInterface } from "node:readline";
import { z } from "zod";
import type { WorkerUsage } from "../driver.ts";
import type { RemoteStream } from "./stream.ts";

/**
 * A script that runs next to the worker in its container. It reports what the processes there use, pauses
 * them and ends them. It ends all of them when its input ends, even if the worker no longer reads its own. Its
 * arguments are folders that it makes first.
 */
export const OVERSEER = `const f=require("fs"),net=require("net"),dns=require("dns");
for(const folder of process.argv.slice(1))f.mkdirSync(folder,{recursive:true});
const own="\\nUid:\\t"+process.getuid()+"\\t";
const usage=()=>{let cpu=0,memory=0,processes=0;for(const p of f.readdirSync("/proc")){
  if(!/^\\d+$/.test(p)||p===String(process.pid))continue;
  try{const s=f.readFileSync("/proc/"+p+"/stat","latin1"),v=s.slice(s.lastIndexOf(")")+2).split(" ");
  if(v[0]==="Z"||!f.readFileSync("/proc/"+p+"/status","latin1").includes(own))continue;
  cpu+=(+v[11]+ +v[12]+ +v[13]+ +v[14])/100;memory+=v[21]*4096/1048576;processes++}catch{}}
  return{cpu_seconds:cpu,memory_mb:Math.round(memory),processes}};
const bytes=folder=>{const w=[folder];let n=0;for(const d of w)try{for(const e of f.readdirSync(d,{withFileTypes:true})){
  const p=d+"/"+e.name;if(e.isDirectory())w.push(p);else try{const s=f.lstatSync(p);n+=s.nlink>1?0:s.blocks*512}catch{}}}catch{}return n};
const dial=(host,port)=>new Promise(done=>{const s=net.connect({host,port});
  s.on("connect",()=>{s.destroy();done("connected")}).on("error",e=>done(e.code||"failed"));
  setTimeout(()=>{s.destroy();done("ETIMEDOUT")},1500)});
const service=process.env.KUBERNETES_SERVICE_HOST||"";
const nameServers=()=>{let own=[];try{own=[...f.readFileSync("/etc/resolv.conf","latin1").matchAll(/^nameserver\\s+(\\S+)/gm)].map(m=>m[1])}catch{}
  const usual=service.includes(":")?service.replace(/[0-9a-f]*$/i,"a"):service.replace(/\\d+$/,"10");
  return[...new Set([...own,usual])].filter(s=>net.isIP(s)&&s!=="::1"&&!s.startsWith("127."))};
const resolve=(name,server)=>new Promise(done=>{const r=new dns.Resolver({timeout:1400,tries:1});
  r.setServers([server]);r.resolve4(name,e=>done(e?e.code:"connected"))});
const opens=(path,how)=>{try{f.closeSync(f.openSync(path,how));return true}catch{return false}};
const lives=p=>{try{return!f.readFileSync("/proc/"+p+"/stat","latin1").includes(") Z ")}catch{return false}};
const memory=()=>opens(process.execPath,"r")||f.readdirSync("/proc").some(p=>/^\\d+$/.test(p)&&p!==String(process.pid)&&lives(p)&&opens("/proc/"+p+"/mem","r+"));
const attempts=t=>t.memory?[memory()?"connected":"EACCES"]:t.query?nameServers().map(s=>resolve(t.query,s)):t.host===""?service?[dial(service,t.port)]:[]:[dial(t.host,t.port)];
const probe=list=>Promise.all(list.flatMap(t=>attempts(t).map(async a=>({name:t.name,result:await a}))));
const work={usage:()=>usage(),bytes,stop:()=>process.kill(-1,"SIGSTOP"),go:()=>process.kill(-1,"SIGCONT"),probe};
require("readline").createInterface({input:process.stdin}).on("line",async line=>{
  const{id,method,params}=JSON.parse(line);let result=null;
  try{result=await work[method](params)}catch{}
  console.log(JSON.stringify({id,result}))
}).on("close",()=>{try{process.kill(-1,"SIGKILL")}catch{}process.exit()});`;

const Answer = z.object({ id: z.string(), result: z.unknown() });

/** The answer in a line; null if the line is incomplete because the overseer or its connection ended. */
const answerIn = (line: string): z.infer<typeof Answer> | null => {
  try {
    return Answer.parse(JSON.parse(line));
  } catch {
    return null;
  }
};

const Usage = z.object({ cpu_seconds: z.number(), memory_mb: z.number(), processes: z.int() });
const Reached = z.array(z.object({ name: z.string(), result: z.string() }));

/**
 * Something that the overseer tries to reach:
 *
 * - `host` and `port`: an address. An empty host means the API server that a cluster names to its pods.
 * - `query`: a name, which it asks of every name server that it can find. These are the ones in
 *   `resolv.conf`, and the usual address of a cluster's name server, which is close to the API server's.
 * - `memory`: the memory of other processes of its user, or the file of the worker's program. A process whose
 *   program can be read can also be opened.
 */
export type ProbeTarget =
  | { name: string; host: string; port: number }
  | { name: string; query: string }
  | { name: string; memory: true };

/** The runtime's side of an overseer. Once the overseer has ended, results are null or empty. */
export class Overseer {
  readonly #stream: RemoteStream;
  readonly #waiting = new Map<string, (result: unknown) => void>();

  constructor(stream: RemoteStream) {
    this.#stream = stream;
    createInterface({ input: stream.output }).on("line", (line) => {
      const answer = answerIn(line);
      if (answer === null) return;
      this.#waiting.get(answer.id)?.(answer.result);
      this.#waiting.delete(answer.id);
    });
    void stream.closed.then(() => {
      for (const settle of this.#waiting.values()) settle(null);
      this.#waiting.clear();
    });
  }

  async usage(): Promise<WorkerUsage | null> {
    return Usage.nullable()
      .catch(null)
      .parse(await this.#ask("usage", null));
  }

  /** Bytes that a folder in the container takes on disk; 0 if unknown. */
  async bytes(folder: string): Promise<number> {
    return (
      z
        .number()
        .nullable()
        .catch(null)
        .parse(await this.#ask("bytes", folder)) ?? 0
    );
  }

  async pause(): Promise<void> {
    await this.#ask("stop", null);
  }

  async resume(): Promise<void> {
    await this.#ask("go", null);
  }

  /** The result of each attempt: `connected`, or the code of the error. */
  async probe(targets: readonly ProbeTarget[]): Promise<z.infer<typeof Reached>> {
    return (
      Reached.nullable()
        .catch(null)
        .parse(await this.#ask("probe", targets)) ?? []
    );
  }

  async #ask(method: string, params: unknown): Promise<unknown> {
    const id = randomUUID();
    const { promise, resolve } = Promise.withResolvers<unknown>();
    this.#waiting.set(id, resolve);
    this.#stream.input.write(`${JSON.stringify({ id, method, params })}\n`);
    void this.#stream.closed.then(() => {
      resolve(null);
    });
    return promise;
  }
}
