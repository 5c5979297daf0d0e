import { z } from "zod";

/**
 * A script that runs where the files are needed. Its input consists of blocks: a length and that many
 * deflated bytes. Inflated, each forms records: a line of JSON, followed by the bytes of a file. It writes the
 * files, answers the records that ask for it, and ends with its input.
 *
 * A record `cache` names a folder that outlives the script. Then it keeps each block that follows a record
 * `keep`, encrypted in its place, because the container has little memory, and a record `offer` asks it to apply
 * those kept blocks that it has. What it reads from the folder counts only if it has the content that was offered,
 * because others may write there.
 */
export const RECEIVER = `const f=require("fs"),z=require("zlib"),c=require("crypto"),{dirname}=require("path");
const say=o=>console.log(JSON.stringify(o));
let cache=null,problem,isKept=false,hasKept=false;
const fault=e=>{if(!["ENOENT","ELOOP","ESTALE"].includes(e.code))problem??=e.code+": "+e.message};
const put=(h,b)=>{
  if(h.end){say({id:h.end,problem});if(hasKept){hasKept=false;setImmediate(shrink)}return}
  if(h.cache){open(h.cache);return}
  if(h.keep){isKept=true;return}
  if(h.offer){const lacking=h.offer.flatMap((o,i)=>reuse(...o)?[]:[i]);say({id:h.id,lacking,problem});return}
  if(h.remove){f.rmSync(h.remove,{recursive:true,force:true});return}
  if(h.type==="directory"){f.mkdirSync(h.path,{recursive:true});return}
  f.mkdirSync(dirname(h.path),{recursive:true});
  if(h.type==="symlink"){f.rmSync(h.path,{force:true});f.symlinkSync(h.target,h.path);return}
  f.rmSync(h.path,{force:true});f.writeFileSync(h.path,b,{mode:h.mode});f.chmodSync(h.path,h.mode);
};
const apply=t=>{for(let at=0;at<t.length;){
  const end=t.indexOf(10,at),h=JSON.parse(t.subarray(at,end));at=end+1+(h.size||0);put(h,t.subarray(end+1,at));
}};
const block=b=>{const t=z.inflateRawSync(b);if(isKept){isKept=false;keep(c.createHash("sha256").update(t).digest("hex"),b)}apply(t)};
const open=o=>{cache={...o,key:Buffer.from(o.key,"hex"),folder:o.root+"/"+o.folder};
  try{f.mkdirSync(cache.folder,{recursive:true});f.accessSync(cache.folder,f.constants.W_OK);
    if(!isFolder(cache.folder)){cache=null;problem??="its folder was replaced by a link"}
  }catch(e){problem??=e.code+": "+e.message}};
const isFolder=p=>f.lstatSync(p).isDirectory();
const place=id=>cache.folder+"/"+c.createHmac("sha256",cache.key).update(id).digest("hex");
const CIPHER="aes-256-gcm",TAG={authTagLength:16},HOUR=3600e3,MB=2**20;
const inPlace=(o,b)=>{for(let at=0;at<b.length;at+=MB)o.update(b.subarray(at,at+MB)).copy(b,at);o.final();return b};
const reuse=(id,size)=>{
  if(cache===null)return false;
  let d=null,t;
  try{
    d=f.openSync(place(id),f.constants.O_RDONLY|f.constants.O_NOFOLLOW|f.constants.O_NONBLOCK);
    const s=f.fstatSync(d);
    if(!s.isFile()||s.size>2*size+65536)return false;
    const b=f.readFileSync(d),o=c.createDecipheriv(CIPHER,cache.key,b.subarray(0,12),TAG);
    o.setAAD(Buffer.from(id)).setAuthTag(b.subarray(12,28));
    t=z.inflateRawSync(inPlace(o,b.subarray(28)),{maxOutputLength:size});
    if(c.createHash("sha256").update(t).digest("hex")!==id)return false;
    if(Date.now()-s.mtimeMs>HOUR)try{f.futimesSync(d,new Date(),new Date())}catch{}
  }catch(e){if(e.syscall)fault(e);return false}finally{if(d!==null)f.closeSync(d)}
  apply(t);return true;
};
const keep=(id,b)=>{
  if(cache===null||problem)return;
  const p=place(id),temporary=p+"."+c.randomBytes(8).toString("hex");
  try{
    const iv=c.randomBytes(12),o=c.createCipheriv(CIPHER,cache.key,iv,TAG);
    o.setAAD(Buffer.from(id));inPlace(o,b);f.writeFileSync(temporary,Buffer.concat([iv,o.getAuthTag()]),{flag:"wx"});
    f.appendFileSync(temporary,b);f.renameSync(temporary,p);hasKept=true;
  }catch(e){problem=e.code+": "+e.message;try{f.rmSync(temporary,{force:true})}catch{}}
};
const list=p=>{try{return f.readdirSync(p)}catch{return[]}};
const inFolder=p=>{try{return isFolder(p)?list(p):[]}catch{return[]}};
const shrink=()=>{
  const all=[];
  const folders=list(cache.root).filter(n=>/^[0-9a-f]{64}$/.test(n)).map(n=>cache.root+"/"+n);
  for(const one of folders)for(const n of inFolder(one))try{
    const p=one+"/"+n,s=f.lstatSync(p);if(!s.isFile()||!/^[0-9a-f]{64}(\\.[0-9a-f]{16})?$/.test(n))continue;
    if(n.length>64&&Date.now()-s.mtimeMs>HOUR)f.rmSync(p,{force:true});else all.push({p,size:s.size,at:s.mtimeMs});
  }catch{}
  let total=all.reduce((n,o)=>n+o.size,0);
  for(const o of all.sort((a,b)=>a.at-b.at)){if(total<=cache.limit)break;try{f.rmSync(o.p,{force:true});total-=o.size}catch{}}
};
let chunks=[],have=0,want=-1;
process.stdin.on("data",d=>{chunks.push(d);have+=d.length;
  while(have>=(want<0?4:want)){const b=Buffer.concat(chunks),n=want<0?4:want;
    chunks=[b.subarray(n)];have-=n;
    if(want<0)want=b.readUInt32BE(0);else{want=-1;block(b.subarray(0,n))}}
}).on("end",()=>process.exit(0));`;

/** What the script writes: that it has reached an `end`, or which blocks of an `offer` it lacks. */
export const ReceiverAnswer = z.object({
  id: z.string(),
  lacking: z.array(z.int().nonnegative()).default([]),
  /** Why it cannot use the cache. */
  problem: z.string().nullable().default(null),
});
export type ReceiverAnswer = z.infer<typeof ReceiverAnswer>;
